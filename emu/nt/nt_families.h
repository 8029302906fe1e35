/* What nt_reset() calls: each family's way back to the state of a machine that has just booted. Append your family. */
#ifndef WDMFUZZ_EMU_NT_NT_FAMILIES_H
#define WDMFUZZ_EMU_NT_NT_FAMILIES_H

namespace nt {

void reset_thread();
void reset_handle();
void reset_object();
void reset_timer();
void reset_irql();
void reset_work_item();
void reset_seed();
void reset_registry();
void reset_memory_file();
void reset_section();
void reset_virtual_memory();
void reset_security();
void reset_process_notify();
void reset_etw();
void reset_uuid();
void reset_io_misc();
void reset_io_request();

void reset_irp();
void reset_names();
void reset_device();
void reset_device_interface();
void reset_file();
void reset_cancel();
void reset_csq();
void reset_driver();
void reset_pnp();
void reset_interrupt();
void reset_hardware();
void reset_paging();

void reset_resource();
void reset_lookaside();
void reset_push_lock();
void reset_dpc();
void reset_threaded_dpc();
void reset_io_timer();
void reset_ex_timer();
void reset_callback();
void reset_vpb_lock();
void reset_bus();
void reset_bus_reply();
void reset_pnp_notify();
void reset_power();
void reset_remove_lock();
void reset_device_property();
void reset_driver_reinit();
void reset_wmi();

}  // namespace nt

#endif
