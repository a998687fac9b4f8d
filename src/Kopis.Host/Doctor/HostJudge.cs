using System.Globalization;

namespace Kopis.Host.Doctor;

/// <summary>Judges the host itself by its files. No I/O.</summary>
/// <param name="facts">The facts from the files.</param>
/// <param name="now">The time.</param>
internal sealed class HostJudge(HostFacts facts, DateTimeOffset now)
{
    private const int FindingsMax = 20; // Of one kind.
    private const int MessagesMax = 10_000;
    private const long RoomMin = 256L * 1024 * 1024;
    private const long FreeFilesMin = 10_000;
    private const long MemoryMin = 64 * 1024; // KiB.
    private const double LoadMax = 4;
    private const long FilesMin = 1024;
    private static readonly TimeSpan AgeMax = TimeSpan.FromDays(1);
    private static readonly TimeSpan RenewalTime = TimeSpan.FromDays(14);

    private readonly Verdicts _said = new("this host");

    /// <summary>All findings.</summary>
    internal List<DoctorResult> Judge()
    {
        JudgeNames();
        JudgeControls();
        JudgeAliases();
        JudgeCertificate();
        JudgeQueue();
        JudgeMachine();
        JudgePrograms();
        return _said.All;
    }

    private void JudgeNames()
    {
        _said.Judge(
            "host.me", !facts.Me.Contains('.') || facts.Me.EndsWith(".localdomain"),
            facts.Me.Length == 0 ? "there is no control/me" : $"control/me is {facts.Me}");
        Each(
            "host.ascii",
            facts.Names.Where(one => one.Name.Any(c => c > '~'))
                .Select(one => $"{one.File} has {one.Name}"));
        _said.Judge(
            "host.locale",
            facts.LoopbackNames.Contains(facts.Me, StringComparer.OrdinalIgnoreCase),
            $"/etc/hosts gives {facts.Me} a loopback address");
    }

    private void JudgeControls()
    {
        Each("control.check", facts.ControlProblems);
        Each("control.resolvers", facts.ResolverFaults);
        if (_said.Judge("control.rcpthosts", !facts.HasRcptHosts, "there is none"))
        {
            Each("control.local", facts.LocalsMissed.Select(name => $"{name} is not in it"));
        }

        if (facts.Installation is null)
        {
            _said.Unknown("install.home", "only root can check an installed home");
        }
        else
        {
            Each("install.home", facts.Installation);
        }

        Each("dkim.files", facts.KeyFaults);
    }

    private void JudgeAliases()
    {
        foreach (string name in HostGatherer.AliasNames)
        {
            _said.Judge(
                $"alias.{name}", !facts.Aliases.Contains(name), $"mail for {name} bounces");
        }
    }

    private void JudgeCertificate()
    {
        CertificateFacts found = facts.Certificate;
        if (found.IsHidden)
        {
            _said.Unknown("cert.readable", "this user may not read control/servercert.pem");
            return;
        }

        if (!_said.Judge(
            "cert.readable", found.Trouble is not null || !found.IsThere,
            found.Trouble ?? "there is no control/servercert.pem: TLS is not offered"))
        {
            return;
        }

        bool isValid = found.From <= now && now < found.Until;
        _said.Judge(
            "cert.dates", !isValid,
            now < found.From ? $"it is valid from {Day(found.From)}"
                : $"it was valid until {Day(found.Until)}");
        _said.Judge(
            "cert.soon", isValid && found.Until - now < RenewalTime,
            $"it is valid until {Day(found.Until)}");
        _said.Judge("cert.name", !found.HasName, $"it has not the name {facts.Me}");
        _said.Judge("cert.issuer", found.IsSelfSigned, "it is self-signed");
    }

    private void JudgeQueue()
    {
        if (facts.IsSendRunning is { } isRunning)
        {
            _said.Judge("queue.running", !isRunning, "nobody holds queue/lock/sendmutex");
        }
        else
        {
            _said.Unknown("queue.running", "this user may not see who holds the queue");
        }

        if (facts.Messages is not { } messages)
        {
            _said.Unknown("queue.size", "the queue cannot be read");
        }
        else
        {
            _said.Judge("queue.size", messages >= MessagesMax, $"{messages} or more wait");
            _said.Judge(
                "queue.oldest", facts.Oldest > AgeMax,
                $"a message waits since {facts.Oldest?.TotalHours:F0} hours");
        }
    }

    private void JudgeMachine()
    {
        Known("disk.space", facts.FreeBytes, free => free < RoomMin,
            free => $"{free / 1024 / 1024} MiB are free");
        if (facts.FreeFiles is { } files)
        {
            _said.Judge("disk.inodes", files < FreeFilesMin, $"{files} inodes are free");
        }

        Known("host.memory", facts.Memory,
            memory => memory.Available < MemoryMin || memory.Available < memory.Total / 10,
            memory => $"{memory.Available / 1024} MiB of {memory.Total / 1024} are available");
        Known("host.load", facts.Load, load => load > LoadMax,
            load => string.Create(
                CultureInfo.InvariantCulture, $"{load:F1} for each processor"));
        Known("host.clock", facts.IsClockKept, isKept => !isKept, _ =>
            "neither timesyncd, chronyd nor ntpd keeps it");
        Known("host.limits", facts.Files, limit => limit < FilesMin,
            limit => $"the limit of open files is {limit}");
    }

    private void JudgePrograms()
    {
        _said.Judge(
            "host.sendmail", !facts.Sendmail.Contains("kopis") && !facts.Sendmail.EndsWith(
                "/bin/sendmail", StringComparison.Ordinal),
            facts.Sendmail.Length == 0 ? "there is none" : $"it is {facts.Sendmail}");
        if (!_said.Judge("port.listen", !facts.IsListening, "nobody does"))
        {
            return;
        }

        if (facts.Listener is null)
        {
            _said.Unknown("port.conflict", "only root can see whose port 25 is");
        }
        else
        {
            _said.Judge(
                "port.conflict", facts.Listener is not ("kopis" or "systemd"),
                $"{facts.Listener} listens on port 25");
        }
    }

    private void Known<T>(string id, T? value, Func<T, bool> isBad, Func<T, string> text)
        where T : struct
    {
        if (value is { } known)
        {
            _said.Judge(id, isBad(known), text(known));
        }
        else
        {
            _said.Unknown(id, "the system does not tell");
        }
    }

    private void Each(string id, IEnumerable<string> texts)
    {
        string[] all = [.. texts.Take(FindingsMax)];
        if (all.Length == 0)
        {
            _said.Judge(id, false, "");
        }

        foreach (string text in all)
        {
            _said.Judge(id, true, text);
        }
    }

    private static string Day(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
