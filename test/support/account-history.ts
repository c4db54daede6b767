/** All that an account of a venue has done, oldest first. */
import type { Activity } from "../../src/server/activities.ts";
import type { VenueAccount } from "../../src/server/venue-account.ts";
import type { VenueOrder } from "../../src/server/venue-order.ts";

export function ordersOf({ orders }: VenueAccount): readonly VenueOrder[] {
  return orders.list({ status: "all", nested: false, direction: "asc", limit: Infinity });
}

export function activitiesOf({ activities }: VenueAccount): readonly Activity[] {
  return activities.list({ direction: "asc", limit: Infinity });
}
