/*
 * The intrinsics of the Microsoft compiler, as drivers use them: what another CPU, a device or the clock could see is a
 * function of the emulator, pure arithmetic stays inline, and nothing touches a control or segment register.
 */
#pragma once

#include <crtdefs.h>
#include <wdm/interlocked.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Machine state: external, so that it is either emulated or reported by name. */
void YieldProcessor(void);
void KeMemoryBarrier(void);
void DbgBreakPoint(void);
void DbgRaiseAssertionFailure(void);
__attribute__((noreturn)) void wdm_fastfail(unsigned int code);
unsigned long long ReadTimeStampCounter(void);
void wdm_cpuid(int registers[4], int leaf, int subleaf);
unsigned long long __readcr0(void), __readcr2(void), __readcr3(void), __readcr4(void), __readcr8(void);
void __writecr0(unsigned long long), __writecr3(unsigned long long), __writecr4(unsigned long long),
    __writecr8(unsigned long long);
unsigned long long __readmsr(unsigned long), __readpmc(unsigned long), __readdr(unsigned int), __readeflags(void);
void __writemsr(unsigned long, unsigned long long), __writedr(unsigned int, unsigned long long),
    __writeeflags(unsigned long long);
unsigned char __readgsbyte(unsigned long);
unsigned short __readgsword(unsigned long);
unsigned long __readgsdword(unsigned long);
unsigned long long __readgsqword(unsigned long);
void __writegsbyte(unsigned long, unsigned char), __writegsword(unsigned long, unsigned short),
    __writegsdword(unsigned long, unsigned long), __writegsqword(unsigned long, unsigned long long);
void _disable(void), _enable(void), __halt(void), __wbinvd(void), __invlpg(void *);
void __sidt(void *), __lidt(void *), _sgdt(void *), _lgdt(void *);

#define _mm_pause YieldProcessor
#define _ReadWriteBarrier() __asm__ __volatile__("" ::: "memory")
#define _ReadBarrier() __asm__ __volatile__("" ::: "memory")
#define _WriteBarrier() __asm__ __volatile__("" ::: "memory")
#define __faststorefence KeMemoryBarrier
#define MemoryBarrier KeMemoryBarrier
#define __debugbreak DbgBreakPoint
#define __int2c DbgRaiseAssertionFailure
#define __fastfail wdm_fastfail
#define __rdtsc ReadTimeStampCounter
#define __cpuid(registers, leaf) wdm_cpuid((registers), (leaf), 0)
#define __cpuidex(registers, leaf, subleaf) wdm_cpuid((registers), (leaf), (subleaf))

/* Port access has DDIs of its own; these are the same thing. */
#define __inbyte(port) READ_PORT_UCHAR((unsigned char *)(unsigned long long)(port))
#define __inword(port) READ_PORT_USHORT((unsigned short *)(unsigned long long)(port))
#define __indword(port) READ_PORT_ULONG((unsigned long *)(unsigned long long)(port))
#define __outbyte(port, value) WRITE_PORT_UCHAR((unsigned char *)(unsigned long long)(port), (value))
#define __outword(port, value) WRITE_PORT_USHORT((unsigned short *)(unsigned long long)(port), (value))
#define __outdword(port, value) WRITE_PORT_ULONG((unsigned long *)(unsigned long long)(port), (value))
void __inbytestring(unsigned short, unsigned char *, unsigned long);
void __inwordstring(unsigned short, unsigned short *, unsigned long);
void __indwordstring(unsigned short, unsigned long *, unsigned long);
void __outbytestring(unsigned short, unsigned char *, unsigned long);
void __outwordstring(unsigned short, unsigned short *, unsigned long);
void __outdwordstring(unsigned short, unsigned long *, unsigned long);

/* Pure arithmetic. */
#define WDM_PURE static __inline__ __attribute__((always_inline, unused))

WDM_PURE unsigned char wdm_bit_scan_Forward(unsigned long *index, unsigned long mask) {
  if (!mask) return 0;
  *index = __builtin_ctz(mask);
  return 1;
}
WDM_PURE unsigned char wdm_bit_scan_Reverse(unsigned long *index, unsigned long mask) {
  if (!mask) return 0;
  *index = 31 - __builtin_clz(mask);
  return 1;
}
WDM_PURE unsigned char wdm_bit_scan_Forward64(unsigned long *index, unsigned long long mask) {
  if (!mask) return 0;
  *index = __builtin_ctzll(mask);
  return 1;
}
WDM_PURE unsigned char wdm_bit_scan_Reverse64(unsigned long *index, unsigned long long mask) {
  if (!mask) return 0;
  *index = 63 - __builtin_clzll(mask);
  return 1;
}

#define WDM_BIT_TEST(suffix, type, width)                                                         \
  WDM_PURE unsigned char wdm_bit_test_##suffix(type const *base, type bit) {                      \
    return (base[bit / width] >> (bit % width)) & 1;                                              \
  }                                                                                               \
  WDM_PURE unsigned char wdm_bit_test_andset##suffix(type *base, type bit) {                      \
    unsigned char was = wdm_bit_test_##suffix(base, bit);                                         \
    base[bit / width] |= (type)((unsigned type)1 << (bit % width));                               \
    return was;                                                                                   \
  }                                                                                               \
  WDM_PURE unsigned char wdm_bit_test_andreset##suffix(type *base, type bit) {                    \
    unsigned char was = wdm_bit_test_##suffix(base, bit);                                         \
    base[bit / width] &= (type) ~((unsigned type)1 << (bit % width));                             \
    return was;                                                                                   \
  }                                                                                               \
  WDM_PURE unsigned char wdm_bit_test_andcomplement##suffix(type *base, type bit) {               \
    unsigned char was = wdm_bit_test_##suffix(base, bit);                                         \
    base[bit / width] ^= (type)((unsigned type)1 << (bit % width));                               \
    return was;                                                                                   \
  }
WDM_BIT_TEST(, long, 32)
WDM_BIT_TEST(64, long long, 64)
#define _BitScanForward wdm_bit_scan_Forward
#define _BitScanReverse wdm_bit_scan_Reverse
#define _BitScanForward64 wdm_bit_scan_Forward64
#define _BitScanReverse64 wdm_bit_scan_Reverse64
#define _bittest wdm_bit_test_
#define _bittestandset wdm_bit_test_andset
#define _bittestandreset wdm_bit_test_andreset
#define _bittestandcomplement wdm_bit_test_andcomplement
#define _bittest64 wdm_bit_test_64
#define _bittestandset64 wdm_bit_test_andset64
#define _bittestandreset64 wdm_bit_test_andreset64
#define _bittestandcomplement64 wdm_bit_test_andcomplement64

WDM_PURE unsigned long long wdm_umul128(unsigned long long a, unsigned long long b, unsigned long long *high) {
  unsigned __int128 product = (unsigned __int128)a * b;
  *high = (unsigned long long)(product >> 64);
  return (unsigned long long)product;
}
WDM_PURE long long wdm_mul128(long long a, long long b, long long *high) {
  __int128 product = (__int128)a * b;
  *high = (long long)(product >> 64);
  return (long long)product;
}
WDM_PURE unsigned long long wdm_shiftleft128(unsigned long long low, unsigned long long high, unsigned char by) {
  by &= 63;
  return by ? (high << by) | (low >> (64 - by)) : high;
}
WDM_PURE unsigned long long wdm_shiftright128(unsigned long long low, unsigned long long high, unsigned char by) {
  by &= 63;
  return by ? (low >> by) | (high << (64 - by)) : low;
}
#define _umul128 wdm_umul128
#define _mul128 wdm_mul128
#define __shiftleft128 wdm_shiftleft128
#define __shiftright128 wdm_shiftright128
#define UnsignedMultiply128 wdm_umul128
#define Multiply128 wdm_mul128
#define ShiftLeft128 wdm_shiftleft128
#define ShiftRight128 wdm_shiftright128
#define __umulh(a, b) ((unsigned long long)(((unsigned __int128)(unsigned long long)(a) * (unsigned long long)(b)) >> 64))
#define __mulh(a, b) ((long long)(((__int128)(long long)(a) * (long long)(b)) >> 64))
#define UnsignedMultiplyHigh __umulh
#define MultiplyHigh __mulh
#define __emulu(a, b) ((unsigned long long)(unsigned int)(a) * (unsigned int)(b))
#define __emul(a, b) ((long long)(int)(a) * (int)(b))
#define __ll_lshift(a, by) ((unsigned long long)(a) << ((by) & 63))
#define __ull_rshift(a, by) ((unsigned long long)(a) >> ((by) & 63))
#define __popcnt __builtin_popcount
#define __popcnt64 __builtin_popcountll
#define __lzcnt(x) ((x) ? __builtin_clz(x) : 32)

/* String instructions. */
#define __stosb(to, value, count) ((void)__builtin_memset((to), (value), (count)))
#define __movsb(to, from, count) ((void)__builtin_memmove((to), (from), (count)))
#define __movsw(to, from, count) ((void)__builtin_memmove((to), (from), (count) * 2))
#define __movsd(to, from, count) ((void)__builtin_memmove((to), (from), (count) * 4))
#define __movsq(to, from, count) ((void)__builtin_memmove((to), (from), (count) * 8))
#define WDM_STOS(name, type)                                                \
  WDM_PURE void wdm_##name(type *to, type value, unsigned long long count) { \
    while (count--) *to++ = value;                                          \
  }
WDM_STOS(stosw, unsigned short)
WDM_STOS(stosd, unsigned long)
WDM_STOS(stosq, unsigned long long)
#define __stosw wdm_stosw
#define __stosd wdm_stosd
#define __stosq wdm_stosq

#undef WDM_BIT_TEST
#undef WDM_STOS

#ifdef __cplusplus
}
#endif
