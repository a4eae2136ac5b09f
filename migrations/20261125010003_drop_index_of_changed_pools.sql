-- The board follows capacity_log. While the time of its change is indexed, a pool cannot be changed in its page.
DROP INDEX capacity_pools_by_change;
