// Memory that is not always there: user buffers that user mode rewrites or unmaps, paged pool at DISPATCH_LEVEL.

#include "emu/machine/sanitizer.h"
#include "tests/emu/machine/machine_fixture.h"

namespace wdm::test {
namespace {

class PagesTest : public MachineTest {
 protected:
  static char* paged(std::uint64_t size) {
    return static_cast<char*>(machine().pool_alloc(size, 'tset', MACH_POOL_PAGED, nullptr));
  }
};

TEST_F(PagesTest, PagedPoolIsOutOfReachAtDispatchLevel) {
  run(1, {[&] {
        char* const block = paged(40);
        char* const other = static_cast<char*>(machine().pool_alloc(40, 'tset', 0, nullptr));
        EXPECT_FALSE(machine().is_hidden(block));
        machine().raise_irql(kDispatch, nullptr);
        EXPECT_TRUE(machine().is_hidden(block) && machine().is_hidden(block + 39));
        EXPECT_FALSE(machine().is_hidden(block + 40) || machine().is_hidden(other));
        machine().lower_irql(kApc, nullptr);
        EXPECT_FALSE(machine().is_hidden(block));
        block[39] = 1;
        machine().pool_free(block, 0, nullptr);
        machine().pool_free(other, 0, nullptr);
      }});
}

TEST_F(PagesTest, LockedPagesStay) {
  run(1, {[&] {
        char* const block = paged(16);
        machine().pages_lock(block, 16, 1);
        machine().raise_irql(kDispatch, nullptr);
        EXPECT_FALSE(machine().is_hidden(block));
        block[0] = 1;
        machine().pages_lock(block, 16, -1);
        EXPECT_TRUE(machine().is_hidden(block));
        machine().lower_irql(kPassive, nullptr);
        machine().pool_free(block, 0, nullptr);
      }});
}

TEST_F(PagesTest, EachProcessorHasItsOwnView) {
  preempt(1, 1, 2);
  preempt(2, 1, 1);
  char* block = nullptr;
  run(2, {[&] {
            block = paged(16);
            machine().raise_irql(kDispatch, nullptr);
            point();
            EXPECT_TRUE(machine().is_hidden(block));
            machine().lower_irql(kPassive, nullptr);
          },
          [&] {
            EXPECT_FALSE(machine().is_hidden(block)) << "this processor is at PASSIVE_LEVEL";
            point();
            EXPECT_FALSE(machine().is_hidden(block));
          }});
}

TEST_F(PagesTest, UserModeRewritesTheFirstBufferOfAnOperation) {
  run(1, {[&] {
        auto* const first = static_cast<char*>(machine().user_alloc(4));
        auto* const second = static_cast<char*>(machine().user_alloc(4));
        const std::uint8_t bytes[] = {7, 8, 9};
        machine().user_rewrite(1, 2, bytes, sizeof bytes);
        EXPECT_EQ(std::string(first, 4), std::string("\0\0\7\10", 4));
        EXPECT_EQ(second[0], 0);
        machine().user_rewrite(1, 4, bytes, sizeof bytes);
        machine().user_rewrite(99, 0, bytes, sizeof bytes);
        EXPECT_EQ(first[0], 0);
      }});
}

TEST_F(PagesTest, UserModeUnmapsWhatIsNotLocked) {
  run(1, {[&] {
        machine().use_user_pages();
        auto* const first = static_cast<char*>(machine().user_alloc(5000));
        auto* const second = static_cast<char*>(machine().user_alloc(16));
        machine().pages_lock(second, 16, 1);
        machine().user_unmap(1);
        EXPECT_FALSE(machine().user_mapped(first, 1) || machine().user_mapped(first + 4999, 1));
        EXPECT_TRUE(machine().user_address(first) && machine().user_mapped(second, 16));
        second[0] = 1;
      }});
  // The next run has it all back.
  run(1, {[&] { static_cast<char*>(machine().user_alloc(5000))[4999] = 1; }});
  EXPECT_EQ(result_.outcome, Outcome::clean);
}

}  // namespace
}  // namespace wdm::test
