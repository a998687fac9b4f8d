namespace Kopis.Net.Listener;

/// <summary>What was found out about a connection; null if it was not asked or not answered.
/// </summary>
/// <param name="LocalHost">TCPLOCALHOST.</param>
/// <param name="RemoteHost">TCPREMOTEHOST: what the peer's network claims it is called.</param>
/// <param name="RemoteInfo">TCPREMOTEINFO: what the peer's host claims who it is.</param>
public readonly record struct PeerFacts(
    byte[]? LocalHost, byte[]? RemoteHost, byte[]? RemoteInfo);
