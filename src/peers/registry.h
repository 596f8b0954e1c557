/* What the other files of this room ask of the list of peers. */
#ifndef TMK_PEERS_REGISTRY_H
#define TMK_PEERS_REGISTRY_H

#include "library.h"

/* The library of a peer that is loaded. */
struct tmk_library *tmk_peer_library(int peer);

#endif
