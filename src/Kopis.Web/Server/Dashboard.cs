using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Logins;
using Kopis.Web.Live;
using Kopis.Web.Login;
using Kopis.Web.Own;

namespace Kopis.Web.Server;

/// <summary>The objects that all requests share.</summary>
internal sealed class Dashboard : IDisposable
{
    internal Dashboard(string home, TimeProvider clock)
    {
        (Home, Clock) = (home, clock);
        Control = new ControlDirectory(Path.Combine(home, "control"));
        Password = new PasswordFile(Path.Combine(home, "web"));
        Sessions = new Sessions(clock);
        SignIn = new SignIn(clock, LoginLimits.Read(Control));
        Send = new SendClient(home);
        Feed = new Feed(JournalPath, new JournalWriter(home), Send, clock);
        KopisProgram program = new(home, clock);
        (Doctor, Metrics) = (new DoctorRun(program, clock), new MetricsRun(program, clock));
        (Own, OwnPassword) = (new OwnLogin(home, Password, clock), new OwnPassword(home, program));
        HostName = Control.ReadLineOrDefault(HostFiles.Me) is { } me
            ? Html.Shown.Text(me) : "a host without control/me";
    }

    /// <summary>The home.</summary>
    internal string Home { get; }

    /// <summary>The name of this host.</summary>
    internal string HostName { get; }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock { get; }

    /// <summary>The directory <c>control</c>.</summary>
    internal ControlDirectory Control { get; }

    /// <summary>The directory <c>journal</c>.</summary>
    internal string JournalPath => Path.Combine(Home, "journal");

    /// <summary>The administrator's password.</summary>
    internal PasswordFile Password { get; }

    /// <summary>The administrator's sessions.</summary>
    internal Sessions Sessions { get; }

    /// <summary>Checks the administrator's password.</summary>
    internal SignIn SignIn { get; }

    /// <summary>Signs mail users in to their own page.</summary>
    internal OwnLogin Own { get; }

    /// <summary>Changes mail users' passwords.</summary>
    internal OwnPassword OwnPassword { get; }

    /// <summary>Asks qmail-send.</summary>
    internal SendClient Send { get; }

    /// <summary>Live data.</summary>
    internal Feed Feed { get; }

    /// <summary>Runs kopis doctor.</summary>
    internal DoctorRun Doctor { get; }

    /// <summary>Runs kopis metrics.</summary>
    internal MetricsRun Metrics { get; }

    /// <summary>Limits the traces at once, because each reads files of the journal.</summary>
    internal SemaphoreSlim TracePlaces { get; } = new(2);

    /// <inheritdoc/>
    public void Dispose()
    {
        SignIn.Dispose();
        Own.Dispose();
        OwnPassword.Dispose();
        Send.Dispose();
        Doctor.Dispose();
        Metrics.Dispose();
        TracePlaces.Dispose();
    }
}
