using System.Globalization;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>A port that root has bound for the same program as another user.</summary>
internal static class InheritedListener
{
    private const string Variable = "KOPIS_LISTENER";

    /// <summary>This program again, with the port.</summary>
    internal static ProcessStart Give(ProgramContext context, Socket port)
    {
        ProcessStart again = ProcessStart.Own(context, context.Name, [.. context.Arguments]);
        again.Environment.SetText(Variable, $"{port.Handle}");
        Fd.SetCloseOnExec((int)port.Handle, on: false);
        return again with { Directory = null };
    }

    /// <summary>The port; null if there is none, and we bind one ourselves.</summary>
    internal static Socket? Inherit(ProgramContext context)
    {
        string? value = context.Environment.Text(Variable);
        context.Environment[Variable] = null;
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int fd)
            || !Fd.IsInherited(fd))
        {
            return null;
        }

        Fd.KeepFromPrograms(); // What else root left open is for this process too.
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }
}
