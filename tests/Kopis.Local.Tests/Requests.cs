using Kopis.Base;
using Kopis.Local.Delivery;

namespace Kopis.Local.Tests;

/// <summary>Requests for tests.</summary>
internal static class Requests
{
    internal static DeliveryRequest Of(
        string home = "/h", string ext = "", string host = "h", string sender = "s@x",
        string defaultDelivery = "./Mailbox") =>
        DeliveryRequest.From(
        [
            "u"u8.ToArray(), ByteText.ToBytes(home), "l"u8.ToArray(), [],
            ByteText.ToBytes(ext), ByteText.ToBytes(host), ByteText.ToBytes(sender),
            ByteText.ToBytes(defaultDelivery),
        ])!;
}
