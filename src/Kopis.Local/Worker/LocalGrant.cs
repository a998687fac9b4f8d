using Kopis.Local.Delivery;

namespace Kopis.Local.Worker;

/// <summary>A delivery that root has granted.</summary>
/// <param name="Id">The id by which it is ordered.</param>
/// <param name="Request">All but the sender, which does not come from root.</param>
internal sealed record LocalGrant(uint Id, DeliveryRequest Request);
