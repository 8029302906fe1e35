#include "tests/emu/machine/machine_fixture.h"

namespace wdm::test {

std::function<void(void*)> on_dpc;
std::function<void(void*)> on_timer;
std::function<void(void*)> on_isr;

}  // namespace wdm::test

extern "C" {
void nt_run_dpc(void* dpc) { wdm::test::on_dpc(dpc); }
void nt_timer_expired(void* timer) { wdm::test::on_timer(timer); }
void nt_run_isr(void* handler) { wdm::test::on_isr(handler); }
void nt_set_hardware(const struct nt_hardware*) {}
void nt_reset(void) {}
m_u32 nt_load(void*, const char*) { return 0; }
m_u32 nt_add_device(m_u8) { return 0; }
void nt_remove_device(void) {}
int nt_unload(void) { return 1; }
m_u32 nt_request(const struct nt_request*) { return 0; }
int nt_cancel(m_u32, m_u8) { return 0; }
void nt_close(m_u16) {}
void nt_cancel_all(void) {}
void nt_close_all(void) {}
m_u32 nt_pending_irps(void) { return 0; }
void nt_emit_leftovers(m_u8) {}
m_u32 nt_device_count(void) { return 0; }
m_u32 nt_major_functions(void) { return 0; }
}
