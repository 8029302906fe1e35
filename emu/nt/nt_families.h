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

void reset_irp();
void reset_names();
void reset_device();
void reset_device_interface();
void reset_file();
void reset_cancel();
void reset_driver();
void reset_pnp();
void reset_interrupt();
void reset_hardware();
void reset_paging();

void reset_resource();
void reset_push_lock();
void reset_dpc();
void reset_threaded_dpc();
void reset_io_timer();
void reset_ex_timer();
void reset_callback();
void reset_vpb_lock();

}  // namespace nt

#endif
