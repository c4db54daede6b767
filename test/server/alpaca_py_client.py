"""alpaca-py against a served market: an order's life from the account to the activities, and both streams.

Prints one JSON object with what the client saw. The market is quoted 99.98 to 100.02 for AAA, with 10 shares on a side.
"""

import json
import os
import sys
import logging
import threading
import time

from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.live import StockDataStream
from alpaca.data.requests import StockLatestQuoteRequest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import GetOrdersRequest, LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest
from alpaca.trading.stream import TradingStream

url, key, secret = sys.argv[1:4]
socket_url = url.replace("http", "ws", 1)
seen = {}
logging.basicConfig(level=logging.WARNING, stream=sys.stderr)

client = TradingClient(key, secret, paper=True, url_override=url)
updates = []
quotes = []


async def on_update(update):
    event = getattr(update.event, "value", update.event)
    updates.append(f"{event} {update.order.client_order_id}")


async def on_quote(quote):
    quotes.append([quote.symbol, quote.bid_price, quote.ask_price])


stream = TradingStream(key, secret, paper=True, url_override=f"{socket_url}/stream")
stream.subscribe_trade_updates(on_update)
threading.Thread(target=stream.run, daemon=True).start()
data_stream = StockDataStream(key, secret, url_override=f"{socket_url}/v2/iex")
data_stream.subscribe_quotes(on_quote, "AAA")
threading.Thread(target=data_stream.run, daemon=True).start()
for _ in range(200):
    if stream._running and data_stream._running:
        break
    time.sleep(0.1)
time.sleep(1)

account = client.get_account()
seen["account"] = [account.status.value, account.cash, account.currency]
seen["clock"] = client.get_clock().is_open
seen["asset"] = [client.get_asset("AAA").tradable, client.get_asset("AAA").fractionable]

limit = dict(symbol="AAA", side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
first = client.submit_order(LimitOrderRequest(qty=25, limit_price=100.02, client_order_id="py-1", **limit))
partial = client.get_order_by_client_id("py-1")
seen["partial"] = [partial.status.value, partial.filled_qty, partial.filled_avg_price]
replaced = client.replace_order_by_id(first.id, ReplaceOrderRequest(qty=20, limit_price=99.5, client_order_id="py-2"))
seen["replaced"] = [replaced.client_order_id, replaced.qty, replaced.limit_price]
client.cancel_order_by_id(replaced.id)
seen["canceled"] = client.get_order_by_id(replaced.id).status.value
seen["closed"] = sorted(order.client_order_id for order in client.get_orders(GetOrdersRequest(status=QueryOrderStatus.CLOSED)))

position = client.get_open_position("AAA")
seen["position"] = [position.qty, position.avg_entry_price, position.side.value]
closing = client.close_position("AAA")
seen["closing"] = [closing.side.value, closing.qty]
seen["positions"] = len(client.get_all_positions())
seen["fills"] = [[fill["side"], fill["qty"], fill["price"]] for fill in client.get("/account/activities/FILL", {"direction": "asc"})]

market_data = StockHistoricalDataClient(key, secret, url_override=url)
quote = market_data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAA"))["AAA"]
seen["quote"] = [quote.bid_price, quote.ask_price]

time.sleep(1)
seen["updates"] = updates
seen["quoted"] = quotes[:1]
print(json.dumps(seen))
sys.stdout.flush()
os._exit(0)
