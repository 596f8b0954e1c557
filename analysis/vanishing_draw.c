#include "vanishing.h"
enum tmk_status tmk_vanishing_draw(const struct tmk_vanishing *vanishing, const char *folder)
{
    (void)vanishing;
    (void)folder;
    return TMK_OK;
}
