/* Interlocked operations. Only one processor of the machine runs at a time, so plain accesses are atomic; what matters
 * is that each is a scheduling point and that AddressSanitizer sees it. */
#include "emu/nt/nt.h"

#define INTERLOCKED(suffix, type)                                                                 \
  type InterlockedIncrement##suffix(type volatile* Addend) {                                      \
    DDI_ENTER(InterlockedIncrement##suffix, Addend);                                              \
    return *Addend = (type)(*Addend + 1);                                                         \
  }                                                                                               \
  type InterlockedDecrement##suffix(type volatile* Addend) {                                      \
    DDI_ENTER(InterlockedDecrement##suffix, Addend);                                              \
    return *Addend = (type)(*Addend - 1);                                                         \
  }                                                                                               \
  type InterlockedAdd##suffix(type volatile* Target, type Value) {                                \
    DDI_ENTER(InterlockedAdd##suffix, Target);                                                    \
    return *Target = (type)(*Target + Value);                                                     \
  }                                                                                               \
  type InterlockedExchange##suffix(type volatile* Target, type Value) {                           \
    DDI_ENTER(InterlockedExchange##suffix, Target);                                               \
    return nt::exchange(Target, Value);                                                           \
  }                                                                                               \
  type InterlockedExchangeAdd##suffix(type volatile* Target, type Value) {                        \
    DDI_ENTER(InterlockedExchangeAdd##suffix, Target);                                            \
    return nt::exchange(Target, (type)(*Target + Value));                                         \
  }                                                                                               \
  type InterlockedAnd##suffix(type volatile* Target, type Value) {                                \
    DDI_ENTER(InterlockedAnd##suffix, Target);                                                    \
    return nt::exchange(Target, (type)(*Target & Value));                                         \
  }                                                                                               \
  type InterlockedOr##suffix(type volatile* Target, type Value) {                                 \
    DDI_ENTER(InterlockedOr##suffix, Target);                                                     \
    return nt::exchange(Target, (type)(*Target | Value));                                         \
  }                                                                                               \
  type InterlockedXor##suffix(type volatile* Target, type Value) {                                \
    DDI_ENTER(InterlockedXor##suffix, Target);                                                    \
    return nt::exchange(Target, (type)(*Target ^ Value));                                         \
  }                                                                                               \
  type InterlockedCompareExchange##suffix(type volatile* Target, type Exchange, type Comparand) { \
    DDI_ENTER(InterlockedCompareExchange##suffix, Target);                                        \
    return nt::compare_exchange(Target, Exchange, Comparand);                                     \
  }

#define INTERLOCKED_BITS(suffix, type, unsigned_type)                                    \
  unsigned char InterlockedBitTestAndSet##suffix(type volatile* Base, type Bit) {        \
    DDI_ENTER(InterlockedBitTestAndSet##suffix, Base);                                   \
    const auto bit = nt::bit_at<type, unsigned_type>(Base, Bit);                         \
    return (nt::exchange(bit.word, (type)(*bit.word | bit.mask)) & bit.mask) != 0;       \
  }                                                                                      \
  unsigned char InterlockedBitTestAndReset##suffix(type volatile* Base, type Bit) {      \
    DDI_ENTER(InterlockedBitTestAndReset##suffix, Base);                                 \
    const auto bit = nt::bit_at<type, unsigned_type>(Base, Bit);                         \
    return (nt::exchange(bit.word, (type)(*bit.word & ~bit.mask)) & bit.mask) != 0;      \
  }                                                                                      \
  unsigned char InterlockedBitTestAndComplement##suffix(type volatile* Base, type Bit) { \
    DDI_ENTER(InterlockedBitTestAndComplement##suffix, Base);                            \
    const auto bit = nt::bit_at<type, unsigned_type>(Base, Bit);                         \
    return (nt::exchange(bit.word, (type)(*bit.word ^ bit.mask)) & bit.mask) != 0;       \
  }

namespace nt {
namespace {

template <typename Type>
Type exchange(Type volatile* target, Type value) {
  const Type old = *target;
  *target = value;
  return old;
}

template <typename Type>
Type compare_exchange(Type volatile* target, Type value, Type comparand) {
  const Type old = *target;
  if (old == comparand) *target = value;
  return old;
}

template <typename Type, typename Unsigned>
struct Bit {
  Type volatile* word;
  Unsigned mask;
};

/* The instructions take any bit offset, also a negative one, from the base. */
template <typename Type, typename Unsigned>
Bit<Type, Unsigned> bit_at(Type volatile* base, Type bit) {
  constexpr Type width = sizeof(Type) * 8;
  const Type index = bit & (width - 1);
  return {base + (bit - index) / width, (Unsigned)1 << index};
}

}  // namespace
}  // namespace nt

extern "C" {

INTERLOCKED(, long)
INTERLOCKED(8, char)
INTERLOCKED(16, short)
INTERLOCKED(64, long long)
INTERLOCKED_BITS(, long, unsigned long)
INTERLOCKED_BITS(64, long long, unsigned long long)

void* InterlockedExchangePointer(void* volatile* Target, void* Value) {
  DDI_ENTER(InterlockedExchangePointer, Target);
  return nt::exchange(Target, Value);
}

void* InterlockedCompareExchangePointer(void* volatile* Target, void* Exchange, void* Comparand) {
  DDI_ENTER(InterlockedCompareExchangePointer, Target);
  return nt::compare_exchange(Target, Exchange, Comparand);
}

unsigned char InterlockedCompareExchange128(long long volatile* Target, long long ExchangeHigh, long long ExchangeLow,
                                            long long* ComparandResult) {
  DDI_ENTER(InterlockedCompareExchange128, Target);
  const bool equal = Target[0] == ComparandResult[0] && Target[1] == ComparandResult[1];
  ComparandResult[0] = Target[0];
  ComparandResult[1] = Target[1];
  if (!equal) return 0;
  Target[0] = ExchangeLow;
  Target[1] = ExchangeHigh;
  return 1;
}

}  // extern "C"
