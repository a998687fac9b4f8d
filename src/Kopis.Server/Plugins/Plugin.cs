using Kopis.Base;

namespace Kopis.Server.Plugins;

/// <summary>A line of control/smtpplugins.</summary>
/// <param name="Text">The path of a program, below the home where it is no whole one; or what
/// /bin/sh runs.</param>
/// <param name="IsShell">Whether it is for the shell: <c>:</c> stands before it.</param>
/// <param name="IsRequired">Whether the command is put off where it fails: <c>!</c> stands first.
/// </param>
internal sealed record Plugin(byte[] Text, bool IsShell, bool IsRequired)
{
    /// <summary>What it is called in the log.</summary>
    internal string Name => LogText.Safe(Text);

    /// <summary>Reads a line; null where it names nothing, or has a NUL.</summary>
    internal static Plugin? TryParse(ReadOnlySpan<byte> line)
    {
        bool isRequired = line is [(byte)'!', ..];
        line = isRequired ? line[1..] : line;
        bool isShell = line is [(byte)':', ..];
        line = isShell ? line[1..] : line;
        return line.IsEmpty || line.Contains((byte)0)
            ? null : new Plugin(line.ToArray(), isShell, isRequired);
    }
}
