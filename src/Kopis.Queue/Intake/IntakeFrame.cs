namespace Kopis.Queue;

/// <summary>The frames on <c>queue/intake</c> (docs/ARCHITECTURE.md, "Intake").</summary>
internal static class IntakeFrame
{
    internal const byte Begin = (byte)'B';
    internal const byte Message = (byte)'M';
    internal const byte End = (byte)'E';

    /// <summary>Tag, origin, qp.</summary>
    internal const int BeginBytes = 6;

    /// <summary>Tag and length of a piece or an envelope.</summary>
    internal const int LengthBytes = 5;

    /// <summary>Code, qp, message number.</summary>
    internal const int ReplyBytes = 13;

    /// <summary>The socket's path.</summary>
    internal static string SocketPath(string home) => Path.Combine(home, "queue", "intake");
}
