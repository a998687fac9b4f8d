using Kopis.Base;

namespace Kopis.Server.Pop3;

/// <summary>The greeting's <c>&lt;PID.UNIXTIME@HOST&gt;</c> (contract §10.1).</summary>
internal static class Stamp
{
    internal static byte[] Make(long number, DateTimeOffset now, ReadOnlySpan<byte> host) =>
        [.. ByteText.ToBytes($"<{number}.{now.ToUnixTimeSeconds()}@"), .. host, (byte)'>'];
}
