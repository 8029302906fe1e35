/* Splay links: trees that a driver builds of its own structures. */
#include "emu/nt/splay.h"

namespace nt {
namespace {

typedef PRTL_SPLAY_LINKS Node;

bool is_root(Node node) {
  return node->Parent == node;
}
bool is_left(Node node) {
  return node->Parent->LeftChild == node;
}

/* Puts `child` (or nothing) where `node` hangs. */
void replace(Node node, Node child) {
  if (is_root(node)) {
    if (child) child->Parent = child;
    return;
  }
  (is_left(node) ? node->Parent->LeftChild : node->Parent->RightChild) = child;
  if (child) child->Parent = node->Parent;
}

/* Turns the edge between the node and its parent. */
void rotate(Node node) {
  Node parent = node->Parent;
  const bool left = is_left(node);
  replace(parent, node);
  Node moved = left ? node->RightChild : node->LeftChild;
  (left ? parent->LeftChild : parent->RightChild) = moved;
  if (moved) moved->Parent = parent;
  (left ? node->RightChild : node->LeftChild) = parent;
  parent->Parent = node;
}

Node last(Node root) {
  while (root->RightChild) root = root->RightChild;
  return root;
}

/* Exchanges a node that has two children with its predecessor, which has no right child. */
void swap_with_predecessor(Node node) {
  Node other = last(node->LeftChild);
  const RTL_SPLAY_LINKS before = *node;
  const Node moved = other->LeftChild;
  if (other->Parent == node) {
    replace(node, other);
    other->LeftChild = node;
    node->Parent = other;
  } else {
    Node parent = other->Parent;
    replace(node, other);
    parent->RightChild = node;
    node->Parent = parent;
    other->LeftChild = before.LeftChild;
    other->LeftChild->Parent = other;
  }
  other->RightChild = before.RightChild;
  other->RightChild->Parent = other;
  node->LeftChild = moved;
  node->RightChild = nullptr;
  if (moved) moved->Parent = node;
}

Node root_of(Node node) {
  while (!is_root(node)) node = node->Parent;
  return node;
}

/* Takes the node out and returns one that was near it, or null. */
Node take_out(Node node) {
  if (node->LeftChild && node->RightChild) swap_with_predecessor(node);
  Node child = node->LeftChild ? node->LeftChild : node->RightChild;
  Node parent = is_root(node) ? nullptr : node->Parent;
  replace(node, child);
  return parent ? parent : child;
}

}  // namespace

Node splay(Node node) {
  while (!is_root(node)) {
    Node parent = node->Parent;
    if (!is_root(parent)) rotate(is_left(node) == is_left(parent) ? parent : node);
    rotate(node);
  }
  return node;
}

Node splay_delete(Node node) {
  Node near = take_out(node);
  return near ? splay(near) : nullptr;
}

Node splay_first(Node root) {
  while (root && root->LeftChild) root = root->LeftChild;
  return root;
}

Node splay_successor(Node node) {
  if (node->RightChild) return splay_first(node->RightChild);
  while (!is_root(node) && !is_left(node)) node = node->Parent;
  return is_root(node) ? nullptr : node->Parent;
}

Node splay_predecessor(Node node) {
  if (node->LeftChild) return last(node->LeftChild);
  while (!is_root(node) && is_left(node)) node = node->Parent;
  return is_root(node) ? nullptr : node->Parent;
}

}  // namespace nt

extern "C" {

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links) {
  DDI_ENTER(RtlSplay, Links);
  return nt::splay(Links);
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS Links) {
  DDI_ENTER(RtlDelete, Links);
  return nt::splay_delete(Links);
}

NTSYSAPI VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS* Root) {
  DDI_ENTER(RtlDeleteNoSplay, Links);
  PRTL_SPLAY_LINKS near = nt::take_out(Links);
  *Root = near ? nt::root_of(near) : nullptr;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links) {
  DDI_ENTER(RtlSubtreeSuccessor, Links);
  return nt::splay_first(Links->RightChild);
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links) {
  DDI_ENTER(RtlSubtreePredecessor, Links);
  return Links->LeftChild ? nt::last(Links->LeftChild) : nullptr;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links) {
  DDI_ENTER(RtlRealSuccessor, Links);
  return nt::splay_successor(Links);
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS Links) {
  DDI_ENTER(RtlRealPredecessor, Links);
  return nt::splay_predecessor(Links);
}

}  // extern "C"
