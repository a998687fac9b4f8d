using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>
/// The two ends of a connection as the UCSPI environment names them (contract §9).
/// </summary>
/// <param name="RemoteHost">TCPREMOTEHOST, else <c>unknown</c>.</param>
/// <param name="RemoteIp">TCPREMOTEIP, else <c>unknown</c>.</param>
/// <param name="RemoteInfo">TCPREMOTEINFO, else null.</param>
/// <param name="LocalHost">TCPLOCALHOST, else TCPLOCALIP, else <c>unknown</c>.</param>
public sealed record ConnectionEnds(
    byte[] RemoteHost, byte[] RemoteIp, byte[]? RemoteInfo, byte[] LocalHost)
{
    private static readonly byte[] Unknown = "unknown"u8.ToArray();

    /// <summary>Reads the variables of an environment.</summary>
    public static ConnectionEnds Of(ByteEnvironment environment) => new(
        environment["TCPREMOTEHOST"] ?? Unknown,
        environment["TCPREMOTEIP"] ?? Unknown,
        environment["TCPREMOTEINFO"],
        environment["TCPLOCALHOST"] ?? environment["TCPLOCALIP"] ?? Unknown);
}
