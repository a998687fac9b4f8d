using System.Net;
using Kopis.Base;

namespace Kopis.Server.Smtp;

/// <summary>What is known about the client.</summary>
/// <param name="Environment">From the listener and its rules, or from another host by XCLIENT.
/// </param>
/// <param name="Helo">Its HELO name, if another host has sent it; otherwise null.</param>
internal sealed record ClientInfo(ByteEnvironment Environment, byte[]? Helo)
{
    /// <summary>Its address; null if that is not known.</summary>
    internal IPAddress? Address =>
        Environment.Text("TCPREMOTEIP") is { } text
        && IPAddress.TryParse(text, out IPAddress? address) ? address : null;
}
