using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Certificates.Challenges;
using Kopis.Host.Certificates.Protocol;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary><c>kopis acme</c>: gets the host's certificate from an ACME server (kopis-acme(8)).
/// </summary>
public static class AcmeProgram
{
    private const string Usage = """
        usage: kopis acme [--now]
               kopis acme --keep

        Gets the certificate that control/acme describes, if there is none or it is due, and
        writes it to control/servercert.pem. The home is KOPIS_HOME, or else that of the program's
        own bin directory.

          --now    get one even if the present one is valid
          --keep   keep running, and renew it

        """;

    private const string PortWord = "--port"; // Only from root, with the number of a descriptor.

    /// <summary>Gets one certificate and ends, or keeps running.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => ByteText.ToText(word))];
        if (words is ["--help"] or ["-h"])
        {
            Fd.WriteAll(1, Encoding.UTF8.GetBytes(Usage));
            return ExitCode.Success;
        }

        bool hasPort = words is [.., PortWord, _]
            & int.TryParse(words.LastOrDefault(), NumberStyles.None, null, out int port)
            && Fd.IsInherited(port);
        words = hasPort ? words[..^2] : words;
        if (words is not ([] or ["--now"] or ["--keep"]))
        {
            Fd.WriteAll(2, Encoding.UTF8.GetBytes(Usage));
            return ExitCode.Permanent;
        }

        Lifeline.Watch(context);
        ControlDirectory control = ControlDirectory.Of(context);
        AcmeSettings settings = AcmeSettings.Read(control) ?? throw new ConfigurationException(
            $"there is no {control.PathOf(ListenerFiles.Acme)}",
            ExitCode.Permanent);
        string folder = context.In("tls");
        bool keep = words is ["--keep"];
        if (keep)
        {
            RequireOwner(folder);
        }

        Socket? bound = null;
        if (hasPort)
        {
            Fd.SetCloseOnExec(port);
            bound = new Socket(new SafeSocketHandle(port, ownsHandle: true));
        }
        else
        {
            GoOnAsOwner(context, settings, folder);
        }

        int output = keep ? 2 : 1;
        CertificateKeeper keeper = new(control, folder, TimeProvider.System, text =>
        {
            string line = $"{context.Name}: {text}\n";
            Fd.WriteAll(output, Encoding.UTF8.GetBytes(keep ? LogPriority.Mark(line) : line));
        }, bound);
        return UntilSignal(stop => keep
            ? keeper.KeepAsync(stop)
            : keeper.GetAsync(settings, evenIfGood: words is ["--now"], stop))
            || keep ? ExitCode.Success : ExitCode.Temporary;
    }

    /// <summary>Reads the control files in the way that the program will.</summary>
    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    public static void CheckControls(ControlDirectory control)
    {
        _ = AcmeSettings.Read(control);
        _ = HttpsTransport.ReadAuthorities(control);
    }

    /// <summary>Root is needed only for the port. The files belong to their owner, who gets the
    /// open port from us.</summary>
    private static void GoOnAsOwner(
        ProgramContext context, AcmeSettings settings, string folder)
    {
        if (Processes.EffectiveUid != 0 || !Directory.Exists(folder)
            || ProcessIdentity.ForWorkIn(folder) is not { } owner)
        {
            return;
        }

        List<byte[]> words = [.. context.Arguments];
        using Socket? port =
            settings.WebRoot is null ? ChallengeListener.Bind(settings.Listen) : null;
        if (port is not null)
        {
            // The descriptor keeps its number, since the runtime may use any other.
            Fd.SetCloseOnExec((int)port.Handle, on: false);
            words.AddRange([ByteText.ToBytes(PortWord), ByteText.ToBytes($"{port.Handle}")]);
        }

        owner.Exec(ProcessStart.Own(context, "acme", [.. words]));
    }

    // A program that keeps running would need root only for its first port.
    private static void RequireOwner(string folder)
    {
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(folder), out int _) is { Uid: not 0 })
        {
            throw new ConfigurationException(
                $"to keep it, run as the owner of {folder}, not as root", ExitCode.Permanent);
        }
    }

    /// <returns>False if a signal came first.</returns>
    private static bool UntilSignal(Func<CancellationToken, Task> work)
    {
        using CancellationTokenSource stop = new();
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true; // We end by ourselves, and clean up first.
            stop.Cancel();
        }

        using PosixSignalRegistration term =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using PosixSignalRegistration interrupt =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        try
        {
            work(stop.Token).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }
}
