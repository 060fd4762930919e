/* Whether this thread frees what lies on GPUs: not while a failure of one is on its way out. */
#ifndef D4J_LOST_DEVICES_H
#define D4J_LOST_DEVICES_H

void d4j_give_up_devices(bool given_up);

#endif
