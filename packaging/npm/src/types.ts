/** The names by which the helpers call the types of the OpenAPI document. */

import type { components } from "./api";

type Schemas = components["schemas"];

export type NewMerchant = Schemas["NewMerchant"];
export type MerchantView = Schemas["MerchantView"];
export type Outcome = Schemas["Outcome"];
export type Wanted = Schemas["Wanted"];
export type SettleAfter = Schemas["SettleAfter"];
export type OrderView = Schemas["OrderView"];
export type Completed = Schemas["Completed"];
export type ClockView = Schemas["ClockView"];
export type Fault = Schemas["Fault"];
export type FaultView = Schemas["FaultView"];
export type Match = Schemas["Match"];
export type Times = Schemas["Times"];
export type Finding = Schemas["Finding"];
export type Exchange = Schemas["ExchangeSummary"];
