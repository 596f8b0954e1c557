/* What the operating system says about the machine beyond its topology. */
#ifndef TMK_MACHINE_SYSTEM_H
#define TMK_MACHINE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of physical memory, which a virtual machine's NUMA nodes may not add up to; 0: unknown. */
size_t tmk_memory_total(void);

/* The frequency governor of CPU 0 ("performance", "schedutil"), or "not visible",
 * as in most containers and virtual machines. Returns buf. */
char *tmk_cpu_governor(char *buf, size_t size);

/* True if the CPU says that a hypervisor runs below; false too where it cannot say. */
bool tmk_is_virtual_machine(void);

#endif
