using System.Net;

namespace Kopis.Net.Proxy;

/// <summary>The two ends of a client's connection.</summary>
/// <param name="Remote">The client.</param>
/// <param name="Local">The address that the client connected to.</param>
public sealed record ProxyEnds(IPEndPoint Remote, IPEndPoint Local);
