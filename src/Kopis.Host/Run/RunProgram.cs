using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Install;
using Kopis.Net.Listener;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Host.Run;

/// <summary><c>kopis run</c>: a whole mail host in the foreground, run by one user.</summary>
public static class RunProgram
{
    private const int OthersMayRead = 0x12; // umask 022.
    private const int GeneratedBytes = 10;
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs until Ctrl-C or SIGTERM.</summary>
    /// <param name="context">Arguments and environment.</param>
    /// <param name="programs">The names to link into the home's bin.</param>
    /// <param name="check">Reads every control file that a program of the host reads.</param>
    public static int Run(
        ProgramContext context, IReadOnlyList<string> programs, Action<ControlDirectory> check)
    {
        RunOptions options = RunOptions.Parse(
            [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))]);
        if (options.Help)
        {
            Fd.WriteAll(1, Encoding.UTF8.GetBytes(RunOptions.Usage));
            return ExitCode.Success;
        }

        if (ContainerInit.IsNeeded)
        {
            return ContainerInit.Run(context);
        }

        // Signals come first: until their handlers are set, any of them ends this process.
        using SupervisorSignals signals = new();
        using Succession succession = new(context);
        context = context with { Home = options.Home };
        Lifeline.Watch(context);
        HeldPorts ports = new(context);
        Fd.KeepFromPrograms();
        Processes.SetFileModeMask(OthersMayRead);
        HomeLayout home = new(options.Home);
        home.Prepare(programs);
        ControlDirectory control = ControlDirectory.Of(context);
        bool madeCertificate =
            SelfSignedCertificate.MakeMissing(control, home.Me, TimeProvider.System.GetUtcNow());
        check(control);
        IReadOnlyList<MailListener> listeners = options.Listeners(ports);
        int sessions = control.ReadInt(ListenerFiles.ConcurrencyIncoming);
        (string address, string? password) = FirstMailbox(context, home.Me);
        if (password is not null)
        {
            home.MakeAliases(address); // Only once: whoever removes one means it.
        }

        DashboardUnit? web = DashboardUnit.Find(context, options, control, ports);
        succession.Units = Units(context, options, home.Me, listeners, ports, sessions, web);
        new Supervisor(succession.Units, signals, "kopis", succession).Run(() =>
        {
            Say(Welcome(options, listeners, address, password, madeCertificate, web));
            SayReady(options, listeners, ports, signals);
        });
        succession.ExecIfAsked(ports, signals);
        return ExitCode.Success;
    }

    private static List<Unit> Units(
        ProgramContext context, RunOptions options, string me,
        IReadOnlyList<MailListener> listeners, HeldPorts ports, int sessions, DashboardUnit? web)
    {
        // All users here are the one who runs it, so a preloaded library gives nobody more rights.
        // Tests use it to run a host with another clock.
        ByteEnvironment environment =
            context.Environment.Only([.. HostPlan.Variables, "LD_PRELOAD", "FAKETIME_"]);
        environment["PATH"] = Encoding.UTF8.GetBytes(
            $"{context.In("bin")}:{environment.Text("PATH") ?? "/usr/bin:/bin"}");
        HostPlan plan = new(
            context with { Environment = environment }, RawText.ToBytes(options.Delivery),
            singleUser: true);
        List<Unit> units =
        [
            new Unit(plan.Journal(), layer: -1),
            new Unit(plan.Writer(), layer: 0),
            new Unit(plan.LookupAlone(), layer: 0),
            plan.Delivery(log: 1, layer: 1),
        ];
        foreach (MailListener listener in listeners)
        {
            ProcessStart spec = Listener(
                plan, context, me, options.PlaceOf(listener), listener,
                listener.IsForUsers ? listener.Sessions : sessions);
            units.Add(new Unit(InheritedListener.Lend(spec, ports[listener.Name]), layer: 2));
        }

        if (File.Exists(context.In("control/acme")))
        {
            units.Add(new Unit(CertificateKeeper(plan, context), layer: 2));
        }

        if (File.Exists(ControlDirectory.Of(context).PathOf(OtlpFiles.Endpoint)))
        {
            units.Add(new Unit(
                plan.Child("metrics", null, "--otlp"u8.ToArray(), "--serve"u8.ToArray()),
                layer: 2));
        }

        if (web is not null)
        {
            units.Add(new Unit(web.Start(plan, context), layer: 2));
        }

        return units;
    }

    private static ProcessStart Listener(
        HostPlan plan, ProgramContext context, string me, HostPort place, MailListener listener,
        int sessions)
    {
        string[] words =
        [
            "-H", "-R", "-l", me, "-c", $"{sessions}", "-b", "1024",
            "-x", context.In("control/tcprules.dat"),
            place.Host, place.Port.ToString("d"), .. listener.Chain(me, "", takesLogins: true),
        ];
        ProcessStart spec =
            plan.Child("tcpserver", null, [.. words.Select(Encoding.UTF8.GetBytes)]);
        ByteEnvironment environment = new(spec.Environment);
        environment.SetText(Pop3Root.OneUserVariable, "");
        foreach (string variable in listener.Variables)
        {
            environment.SetText(variable, "");
        }

        // Its rules may name programs (QMAILQUEUE), so it has no further restrictions.
        return spec with { Environment = environment, Confinement = Confinement.NoNewRights };
    }

    /// <summary>Renews the certificate. It may write only the certificate and its own state.
    /// </summary>
    private static ProcessStart CertificateKeeper(HostPlan plan, ProgramContext context) =>
        plan.Child("acme", null, "--keep"u8.ToArray()) with
        {
            Confinement = new Confinement(
                [context.In("control"), context.In("tls")], MayRunPrograms: false),
        };

    /// <summary>The mailbox of the user who runs it, made at the first start.</summary>
    /// <returns>Its address, and the password if it was made now.</returns>
    private static (string Address, string? Password) FirstMailbox(
        ProgramContext context, string me)
    {
        using VirtualUsersFile users = new(context.Home);
        string address = $"{UserName(context)}@{me.ToLowerInvariant()}";
        if (VirtualAddress.Check(address) is { } reason)
        {
            throw new ConfigurationException($"{context.In("control/me")}: {address}: {reason}");
        }

        if (users.Find(address) is not null)
        {
            return (address, null);
        }

        string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(GeneratedBytes));
        users.Add(address, PasswordHash.Create(Encoding.ASCII.GetBytes(password)));
        return (address, password);
    }

    private static string UserName(ProgramContext context)
    {
        string name = context.Environment.Text("SUDO_USER") is { Length: > 0 } sudo
            ? sudo
            : UnixUsers.ByUid(Processes.Uid)?.Name ?? context.Environment.Text("USER") ?? "";
        string safe = string.Concat(
            name.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));
        return safe.Length == 0 ? "me" : safe;
    }

    private static string Welcome(
        RunOptions options, IReadOnlyList<MailListener> listeners, string address,
        string? password, bool madeCertificate, DashboardUnit? web)
    {
        string secret = password is null
            ? "(password as before; a new one: kopis user password)"
            : $"password {password}   (shown only now)";
        StringBuilder text = new();
        CultureInfo c = CultureInfo.InvariantCulture;
        text.Append(c, $"Kopis {BuildVersion.Text} in {options.Home}\n\n");
        foreach (MailListener listener in listeners)
        {
            text.Append(
                c, $"  {listener.Title,-8} {options.PlaceOf(listener),-22} {listener.Note}\n");
        }

        text.Append(c, $"""
              mailbox  {address,-22} {secret}
            {web?.Describe() ?? ""}
            Try:  echo hello | {Path.Combine(options.Home, "bin/qmail-inject")} {address}


            """);
        if (address.EndsWith(HomeLayout.NoDomain, StringComparison.Ordinal))
        {
            text.Append(HomeLayout.NoDomainNote);
        }

        if (madeCertificate)
        {
            text.Append("TLS is offered with control/servercert.pem, which was made now and is "
                + "self-signed.\nReplace it when you have a real one.\n\n");
        }

        if (Processes.Uid == 0)
        {
            text.Append("You are root: program lines in .qmail files are refused here. "
                + "For a real host, with a user for each part: ./install\n");
        }

        return text.ToString();
    }

    // Runs on a thread of its own, since the supervisor must not wait for a port: clients can keep
    // it busy. The dashboard is not waited for, because "ready" is about mail.
    private static void SayReady(
        RunOptions options, IReadOnlyList<MailListener> listeners, HeldPorts ports,
        SupervisorSignals signals)
    {
        Served served = new([.. listeners.Select(one => (
            new Func<bool>(() => options.PlaceOf(one).Answers()),
            new Func<bool>(() => ports.IsIdle(one.Name))))]);
        Thread thread = new(() =>
        {
            while (!signals.StopAsked)
            {
                if (served.Look())
                {
                    Say("ready\n");
                    return;
                }

                Thread.Sleep(LookPause); // No event says that a queue of connections is shorter.
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
    }

    private static void Say(string text) => Fd.WriteAll(1, Encoding.UTF8.GetBytes(text));
}
