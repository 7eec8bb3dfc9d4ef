import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
