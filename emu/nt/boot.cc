/* The machine has just booted. */
#include "emu/nt/nt.h"
#include "emu/nt/nt_families.h"

extern "C" void nt_reset(void) {
  /* First the families that own objects, then those that refer to them. */
  nt::reset_thread();
  nt::reset_handle();
  nt::reset_object();
  nt::reset_timer();
  nt::reset_irql();
  nt::reset_work_item();
  nt::reset_seed();
  nt::reset_registry();
  nt::reset_memory_file();
  nt::reset_section();
  nt::reset_virtual_memory();
  nt::reset_security();
  nt::reset_process_notify();
  nt::reset_etw();
  nt::reset_uuid();
  nt::reset_io_misc();
  nt::reset_io_request();
  nt::reset_irp();
  nt::reset_names();
  nt::reset_device();
  nt::reset_device_interface();
  nt::reset_file();
  nt::reset_cancel();
  nt::reset_csq();
  nt::reset_driver();
  nt::reset_pnp();
  nt::reset_resource();
  nt::reset_lookaside();
  nt::reset_push_lock();
  nt::reset_dpc();
  nt::reset_threaded_dpc();
  nt::reset_io_timer();
  nt::reset_ex_timer();
  nt::reset_callback();
  nt::reset_vpb_lock();
  nt::reset_interrupt();
  nt::reset_hardware();
  nt::reset_bus();
  nt::reset_bus_reply();
  nt::reset_pnp_notify();
  nt::reset_power();
  nt::reset_remove_lock();
  nt::reset_device_property();
  nt::reset_driver_reinit();
  nt::reset_wmi();
  nt::reset_paging();
}
