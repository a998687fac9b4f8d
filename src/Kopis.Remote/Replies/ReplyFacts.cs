using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Remote.Replies;

/// <summary>What a line of control/replies is compared with.</summary>
internal sealed record ReplyFacts
{
    private const int ReplyBytesMax = 1000; // As much as the class depends on.

    /// <summary>The recipient's domain in lower case, as A-labels.</summary>
    internal required string Domain { get; init; }

    /// <summary>The server's name in lower case, or its address; empty if there was none.</summary>
    internal required string Server { get; init; }

    /// <summary>The code of the reply; 0: there was no reply.</summary>
    internal required int Code { get; init; }

    /// <summary>The code that lines are compared with. If the reply has none, a code that stands
    /// for its kind.</summary>
    internal required int CodeByLetter { get; init; }

    /// <summary>The enhanced status of the reply (RFC 3463); may be empty.</summary>
    internal required string Status { get; init; }

    /// <summary>The class of the failure.</summary>
    internal required BounceClass Class { get; init; }

    /// <summary>The text of the reply in lower case.</summary>
    internal required byte[] Reply { get; init; }

    /// <param name="domain">The recipient's domain.</param>
    /// <param name="server">The server; null if there was none.</param>
    /// <param name="code">The code of the reply, or 0.</param>
    /// <param name="status">The enhanced status of the reply.</param>
    /// <param name="found">The class of the failure.</param>
    /// <param name="reply">What the server said.</param>
    internal static ReplyFacts Of(
        byte[] domain, AttemptServer? server, int code, string status, BounceClass found,
        ReadOnlySpan<byte> reply) => new()
        {
            Domain = found == BounceClass.None ? ""
                : TargetFinder.NameOf(domain).ToLowerInvariant(),
            Server = server is null || found == BounceClass.None ? ""
                : (server.Host.Length > 0 ? server.Host : server.Address).ToLowerInvariant(),
            Code = code,
            CodeByLetter = code,
            Status = status,
            Class = found,
            Reply = found == BounceClass.None ? []
                : Ascii8.ToLower(reply[..Math.Min(reply.Length, ReplyBytesMax)]),
        };
}
