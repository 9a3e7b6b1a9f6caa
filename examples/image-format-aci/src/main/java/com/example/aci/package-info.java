/**
 * Images of the App Container specification (appc), turned into OCI images on the way in. Start at
 * {@link com.example.aci.AciFormat}.
 */
package com.example.aci;
