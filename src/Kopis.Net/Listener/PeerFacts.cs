namespace Kopis.Net.Listener;

/// <summary>What was found out about a connection; null if it was not asked, or not answered.
/// </summary>
/// <param name="LocalHost">TCPLOCALHOST.</param>
/// <param name="RemoteHost">TCPREMOTEHOST: the name that the peer's network claims.</param>
/// <param name="RemoteInfo">TCPREMOTEINFO: the user that the peer's host claims.</param>
public readonly record struct PeerFacts(
    byte[]? LocalHost, byte[]? RemoteHost, byte[]? RemoteInfo);
