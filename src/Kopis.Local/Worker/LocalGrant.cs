using Kopis.Local.Delivery;

namespace Kopis.Local.Worker;

/// <summary>What root grants a delivery.</summary>
/// <param name="Id">The number by which it is ordered.</param>
/// <param name="Request">All but the sender, which is not root's to say.</param>
internal sealed record LocalGrant(uint Id, DeliveryRequest Request);
