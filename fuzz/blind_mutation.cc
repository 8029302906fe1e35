#include "fuzz/blind_mutation.h"

#include <algorithm>
#include <cstring>

namespace wdm {

namespace {

struct Bytes {
  std::uint8_t* data;
  std::size_t size, max_size;
};

// Where lengths and signs change their meaning.
constexpr std::uint8_t kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

void flip_bit(Bytes& b, Random& random) {
  b.data[random.below(b.size)] ^= static_cast<std::uint8_t>(1u << random.below(8));
}
void set_byte(Bytes& b, Random& random) { b.data[random.below(b.size)] = static_cast<std::uint8_t>(random.next()); }
void set_edge(Bytes& b, Random& random) { b.data[random.below(b.size)] = random.one_of(kEdges); }
void add_little(Bytes& b, Random& random) {
  constexpr unsigned kSpan = 16;
  b.data[random.below(b.size)] += static_cast<std::uint8_t>(random.between(0, 2 * kSpan) - kSpan);
}
void copy_part(Bytes& b, Random& random) {
  const std::size_t from = random.below(b.size), to = random.below(b.size);
  std::memmove(b.data + to, b.data + from, random.between(1, b.size - std::max(from, to)));
}
void insert_byte(Bytes& b, Random& random) {
  if (b.size == b.max_size) return set_byte(b, random);
  const std::size_t at = random.below(b.size + 1);
  std::memmove(b.data + at + 1, b.data + at, b.size - at);
  b.data[at] = static_cast<std::uint8_t>(random.next());
  ++b.size;
}
void erase_part(Bytes& b, Random& random) {
  if (b.size < 2) return set_byte(b, random);
  const std::size_t at = random.below(b.size), count = std::min(random.between(1, b.size - at), b.size - 1);
  std::memmove(b.data + at, b.data + at + count, b.size - at - count);
  b.size -= count;
}

using Mutation = void (*)(Bytes&, Random&);
constexpr Mutation kMutations[] = {flip_bit, set_byte, set_edge, add_little, copy_part, insert_byte, erase_part};

}  // namespace

std::size_t mutate_bytes(std::uint8_t* data, std::size_t size, std::size_t max_size, Random& random) {
  if (max_size == 0) return 0;
  Bytes bytes{data, std::min(size, max_size), max_size};
  if (bytes.size == 0) {
    data[0] = static_cast<std::uint8_t>(random.next());
    return 1;
  }
  for (std::size_t left = random.between(1, 4); left > 0; --left) random.one_of(kMutations)(bytes, random);
  return bytes.size;
}

}  // namespace wdm
