using Kopis.Base;

namespace Kopis.Server.Plugins;

/// <summary>A line of control/smtpplugins.</summary>
/// <param name="Text">The path of a program, relative to the home unless it is absolute; or a
/// command for /bin/sh.</param>
/// <param name="IsShell">Whether it is a command for the shell, marked by <c>:</c>.</param>
/// <param name="IsRequired">Whether the SMTP command is deferred if the plugin fails, marked by
/// <c>!</c> at the beginning.</param>
internal sealed record Plugin(byte[] Text, bool IsShell, bool IsRequired)
{
    /// <summary>Its name in the log.</summary>
    internal string Name => LogText.Safe(Text);

    /// <summary>Parses a line; null if it is empty, or has a NUL.</summary>
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
