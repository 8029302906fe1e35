// Pool through AddressSanitizer's heap, user memory in an arena of its own.

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "emu/machine/hypercall.h"
#include "emu/machine/machine.h"
#include "emu/machine/sanitizer.h"

namespace wdm {

namespace {

constexpr std::uint64_t kUserGap = 64;
constexpr std::uint64_t kPage = 4096;

std::uint64_t round_up(std::uint64_t size, std::uint64_t to) { return (size + to - 1) / to * to; }

char* map_arena(std::size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return static_cast<char*>(memory);
}

}  // namespace

// The kernel's own records, which no driver sees: zeroed, given back all at once at the next boot.
void* Machine::arena_alloc(std::uint64_t size) {
  if (!kernel_arena_) kernel_arena_ = map_arena(limits::kKernelBytes);
  const std::uint64_t rounded = (size + 15) / 16 * 16;
  if (kernel_used_ + rounded > limits::kKernelBytes) end(Outcome::limit, "the kernel's own memory is used up");
  char* const memory = kernel_arena_ + kernel_used_;
  kernel_used_ += rounded;
  return std::memset(memory, 0, size);
}

void* Machine::pool_alloc(std::uint64_t size, std::uint32_t tag, std::uint32_t flags, const void* pc) {
  const bool ours = flags & MACH_POOL_KERNEL;
  if (!ours && !(flags & MACH_POOL_NO_FAIL) && choose(CHOICE_PoolFails, 2) != 0) return nullptr;
  if (size > limits::kPoolBytes || pool_used_ + size > limits::kPoolBytes) {
    if (!ours) return nullptr;  // as a machine with that much pool would answer
    end(Outcome::limit, "the kernel's own memory is used up");
  }
  if (ours && tag == 0) return arena_alloc(size);
  // From a page on, pool is page-aligned.
  const bool aligned = size >= kPage || (flags & MACH_POOL_WHOLE_PAGES);
  void* const memory = aligned ? memalign(kPage, size) : std::malloc(size ? size : 1);
  if (!memory) return nullptr;
  if (flags & MACH_POOL_ZERO) std::memset(memory, 0, size);
  pool_used_ += size;
  const ObjectId id = ours ? 0 : object(OBJECT_Pool, memory, pc);
  blocks_.push_back({memory, {size, tag, flags, id}});
  if (!ours && (flags & MACH_POOL_PAGED)) {
    paged_blocks_.push_back({static_cast<char*>(memory), size, 0, 0, false});
    if (paged_hidden_) poison(memory, size);
    sync_paging();
  }
  if (!ours) event(EVENT_PoolAlloc, id, size, tag, pc);
  return memory;
}

void Machine::pool_free(void* address, std::uint32_t tag, const void* pc) {
  if (kernel_arena_ && address >= kernel_arena_ && address < kernel_arena_ + limits::kKernelBytes) return;
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& b) { return b.address == address; });
  if (found == blocks_.rend()) {
    if (is_known_free && is_known_free(address, pc)) return;
    std::free(address);  // AddressSanitizer says what is wrong: double free, not the start of a block, ...
    return;
  }
  const PoolBlock block = found->block;
  const auto inside = [&](const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(address) < std::max<std::uint64_t>(block.size, 1);
  };
  for (std::size_t i = 0; i < lock_count_; ++i)
    if (locks_[i].address && inside(locks_[i].address)) {
      if (locks_[i].in_use()) event(EVENT_LockFreed, locks_[i].object, 0, tag, pc);
      lock_gone(i);
    }
  for (auto set = dpc_cpus_; set; set &= set - 1)
    for (void* const dpc : cpus_[std::countr_zero(set)].dpcs)
      if (inside(dpc)) event(EVENT_DpcFreed, objects_.find(dpc), 0, tag, pc);
  for (const Timer& timer : timers_)
    if (timer.timer && inside(timer.timer)) event(EVENT_TimerFreed, objects_.find(timer.timer), 0, tag, pc);
  for (std::size_t i = 0; i < live_objects_.size(); ++i) {
    const LiveObject& live = live_objects_[i];
    const std::uint32_t kind = trace_.objects[live.id].kind;
    if ((kind == OBJECT_Mutex || kind == OBJECT_RemoveLock) && inside(live.address))
      event(EVENT_ObjectFreed, live.id, FREED_Memory, FREED_Unknown, pc);
  }
  if (block.object) event(EVENT_PoolFree, block.object, block.size, tag, pc);
  for (std::size_t i = live_objects_.size(); i-- > 0;)
    if (inside(live_objects_[i].address)) object_gone(live_objects_[i].address);
  pool_used_ -= block.size;
  blocks_.erase(std::next(found).base());
  if (block.flags & MACH_POOL_PAGED) {
    if (paged_hidden_) unpoison(address, block.size);
    std::erase_if(paged_blocks_, [&](const Pages& p) { return p.address == address; });
    if (paged_blocks_.empty()) paged_hidden_ = false;
  }
  std::free(address);
}

std::uint64_t Machine::pool_size(const void* address) const {
  for (const Block& b : blocks_)
    if (b.address == address) return b.block.size;
  return 0;
}

bool Machine::pool_is_paged(const void* address) const {
  return std::ranges::find(paged_blocks_, address, &Pages::address) != paged_blocks_.end();
}

void Machine::report_leftovers() {
  for (unsigned c = 0; c < cpu_count_; ++c)
    for (void* const dpc : cpus_[c].dpcs) append(EVENT_EndDpc, objects_.find(dpc), 0, 0, kNoSite);
  for (const Timer& timer : timers_)
    if (objects_.find(timer.timer)) append(EVENT_EndTimer, objects_.find(timer.timer), 0, 0, kNoSite);
  for (unsigned t = limits::kFirstDriverThread; t < thread_limit_; ++t)
    if (threads_[t].state != Thread::State::finished && threads_[t].kind == MACH_THREAD_SYSTEM)
      append(EVENT_EndThread, threads_[t].object, 0, t, kNoSite);
  for (const Block& b : blocks_)
    if (!(b.block.flags & MACH_POOL_KERNEL)) append(EVENT_EndPool, b.block.object, b.block.size, b.block.tag, kNoSite);
}

void Machine::release_memory() {
  hide_paged_pool(false);
  paged_blocks_.clear();
  for (const Block& b : blocks_) std::free(b.address);
  blocks_.clear();
  pool_used_ = 0;
  kernel_used_ = 0;
  for (const Pages& p : user_buffers_)
    if (p.unmapped) mprotect(p.address, round_up(p.size, kPage), PROT_READ | PROT_WRITE);
  user_buffers_.clear();
  user_pages_ = false;
  if (user_used_) poison(user_arena_, user_used_);
  user_used_ = 0;
}

// Blocks are separated by poisoned bytes, so an overflow of a user buffer is seen like any other.
void* Machine::user_alloc(std::uint64_t size) {
  if (!user_arena_) {
    user_arena_ = map_arena(limits::kUserBytes);
    poison(user_arena_, limits::kUserBytes);
  }
  if (user_pages_) user_used_ = round_up(user_used_, kPage);
  const std::uint64_t rounded = round_up(size, user_pages_ ? kPage : 16) + kUserGap;
  if (user_used_ + rounded > limits::kUserBytes) end(Outcome::limit, "user memory is used up");
  char* const memory = user_arena_ + user_used_;
  user_used_ += rounded;
  unpoison(memory, size);
  std::memset(memory, 0, size);
  const Context& context = trace_.contexts[context_[current_->id]];
  user_buffers_.push_back({memory, size, context.kind == Context::Kind::operation ? context.number : 0, 0, false});
  return memory;
}

// At most half of the arena: requests need buffers, too.
void* Machine::user_pages(std::uint64_t size) {
  const std::uint64_t start = round_up(user_used_, kPage);
  if (size > limits::kUserBytes || start + size + kUserGap > limits::kUserBytes / 2) return nullptr;
  user_used_ = start;
  void* const pages = user_alloc(size);
  user_buffers_.back().op = 0;
  return pages;
}

void Machine::unmap(Pages& pages) {
  mprotect(pages.address, round_up(pages.size, kPage), PROT_NONE);
  pages.unmapped = true;
}

void Machine::user_unmap(const void* pages) {
  for (Pages& p : user_buffers_)
    if (p.address == pages) unmap(p);
}

void Machine::user_rewrite(std::uint32_t op, std::uint64_t offset, const std::uint8_t* bytes, std::size_t size) {
  for (const Pages& p : user_buffers_) {
    if (p.op != op) continue;
    if (!p.unmapped && offset < p.size) std::memcpy(p.address + offset, bytes, std::min<std::uint64_t>(size, p.size - offset));
    return;
  }
}

void Machine::user_unmap(std::uint32_t op) {
  for (Pages& p : user_buffers_)
    if (p.op == op && p.locks == 0) unmap(p);
}

void Machine::pages_lock(const void* address, std::uint64_t size, int by) {
  const auto* const begin = static_cast<const char*>(address);
  const auto overlaps = [&](const Pages& p) { return begin < p.address + p.size && begin + size > p.address; };
  for (Pages& p : user_buffers_)
    if (overlaps(p)) p.locks += by;
  for (Pages& p : paged_blocks_)
    if (overlaps(p)) {
      if (paged_hidden_) unpoison(p.address, p.size);
      p.locks += by;
      if (paged_hidden_ && p.locks == 0) poison(p.address, p.size);
    }
}

// Paged pool is poisoned while code at DISPATCH_LEVEL or above runs: a page fault there would be fatal.
void Machine::sync_paging() {
  const bool hide = cpus_[current_->cpu].irql >= kDispatch;
  if (hide != paged_hidden_) hide_paged_pool(hide);
}

void Machine::hide_paged_pool(bool hide) {
  if (hide == paged_hidden_) return;
  paged_hidden_ = hide;
  for (const Pages& p : paged_blocks_)
    if (p.locks == 0) hide ? poison(p.address, p.size) : unpoison(p.address, p.size);
}

bool Machine::is_hidden(const void* address) const {
  const auto* const byte = static_cast<const char*>(address);
  return paged_hidden_ && std::any_of(paged_blocks_.begin(), paged_blocks_.end(), [&](const Pages& p) {
           return p.locks == 0 && byte >= p.address && byte < p.address + p.size;
         });
}

bool Machine::user_address(const void* p) const {
  return user_arena_ && static_cast<const char*>(p) >= user_arena_ &&
         static_cast<const char*>(p) < user_arena_ + limits::kUserBytes;
}

bool Machine::user_mapped(const void* p, std::uint64_t size) const {
  const auto* const begin = static_cast<const char*>(p);
  if (!user_address(p) || size > limits::kUserBytes || begin + size > user_arena_ + user_used_) return false;
  return std::none_of(user_buffers_.begin(), user_buffers_.end(), [&](const Pages& b) {
    return b.unmapped && begin < b.address + b.size && begin + size > b.address;
  });
}

}  // namespace wdm
