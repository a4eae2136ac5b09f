-- For changes in the page: many reports want the same pool.
ALTER TABLE capacity_pools SET (fillfactor = 60);
