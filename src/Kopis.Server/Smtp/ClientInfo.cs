using System.Net;
using Kopis.Base;
using Kopis.Queue.Intake;

namespace Kopis.Server.Smtp;

/// <summary>What is known about the client.</summary>
/// <param name="Environment">The environment from the listener and its rules, or from another host
/// by XCLIENT.</param>
/// <param name="Helo">Its HELO name, if another host has sent it; otherwise null.</param>
internal sealed record ClientInfo(ByteEnvironment Environment, byte[]? Helo)
{
    private uint? _number;

    /// <summary>The client's address; null if not known.</summary>
    internal IPAddress? Address { get; } =
        Environment.Text("TCPREMOTEIP") is { } text
        && IPAddress.TryParse(text, out IPAddress? address) ? address : null;

    /// <summary>The client's number for the queue.</summary>
    /// <param name="user">The user who has logged in; null: nobody.</param>
    internal uint NumberOf(byte[]? user) => user is not null ? ClientNumber.Of(user, Address)
        : _number ??= ClientNumber.Of(null, Address);
}
