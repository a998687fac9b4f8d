using System.Net;
using Kopis.Base;

namespace Kopis.Server.Smtp;

/// <summary>Who is on the other side, as far as we know.</summary>
/// <param name="Environment">What the listener and its rules say of it, or another host by XCLIENT.
/// </param>
/// <param name="Helo">What it calls itself, where another host has told; null else.</param>
internal sealed record ClientInfo(ByteEnvironment Environment, byte[]? Helo)
{
    /// <summary>Its address; null where that is not known.</summary>
    internal IPAddress? Address =>
        Environment.Text("TCPREMOTEIP") is { } text
        && IPAddress.TryParse(text, out IPAddress? address) ? address : null;
}
