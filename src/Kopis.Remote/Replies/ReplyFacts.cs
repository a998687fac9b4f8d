using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Remote.Replies;

/// <summary>What a line of control/replies is held against.</summary>
internal sealed record ReplyFacts
{
    private const int ReplyBytesMax = 1000; // As much as the class is found by.

    /// <summary>The recipient's domain in lower case, in A-labels.</summary>
    internal required string Domain { get; init; }

    /// <summary>The server's name in lower case, else its address; empty where there was none.
    /// </summary>
    internal required string Server { get; init; }

    /// <summary>The reply's code; 0: there was no reply.</summary>
    internal required int Code { get; init; }

    /// <summary>The code that lines are held against: where the reply has none, one that stands
    /// for its kind.</summary>
    internal required int CodeByLetter { get; init; }

    /// <summary>Its enhanced status (RFC 3463); may be empty.</summary>
    internal required string Status { get; init; }

    /// <summary>What kind of failure it is.</summary>
    internal required BounceClass Class { get; init; }

    /// <summary>The reply in lower case.</summary>
    internal required byte[] Reply { get; init; }

    /// <param name="domain">The recipient's domain.</param>
    /// <param name="server">The server; null where there was none.</param>
    /// <param name="code">The reply's code or 0.</param>
    /// <param name="status">Its enhanced status.</param>
    /// <param name="found">Its class.</param>
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
