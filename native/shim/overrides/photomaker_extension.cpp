/* PhotoMaker, as it is: it only has to know the same conditioners as the rest. */
#include "conditioning.h"

#include "src/extensions/photomaker_extension.cpp"
