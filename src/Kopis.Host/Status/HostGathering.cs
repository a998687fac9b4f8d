using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Queue.Commands;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Status;

/// <summary>Asks the parts of a host how they are.</summary>
/// <param name="home">Its home.</param>
internal sealed class HostGathering(string home)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int BusyMax = 20; // As many as qmail-send tells of.
    private static readonly DestinationState[] States = Enum.GetValues<DestinationState>();

    private readonly List<MetricSample> _samples = [];
    private readonly List<ListedDestination> _busy = [];
    private QueueSummary? _queue;

    /// <summary>Asks all.</summary>
    /// <exception cref="ConfigurationException">The caller may not.</exception>
    internal HostReport Gather(DateTimeOffset? certificateUntil)
    {
        RequireRights();
        ControlDirectory control = new(Path.Combine(home, "control"));
        HealthFacts facts = new()
        {
            Now = DateTimeOffset.UtcNow,
            Send = AskSend(),
            Writer = AskWriter(),
            Journal = AskJournal(control),
            Processes = ProcessTable.Read(home),
            Queue = _queue,
            Busy = [.. _busy.OrderByDescending(one => one.Waiting + one.Running)],
            FreeBytes = Try(() => Paths.FreeBytes(Path.Combine(home, "queue"))),
            FreeFiles = Try(() => Paths.FreeFiles(Path.Combine(home, "queue"))) is >= 0 and var n
                ? n : null,
            CertificateUntil = certificateUntil ?? CertificateEnd.Of(home),
            Lost = _samples.Find(one => one.Name == MetricCatalog.Hour
                && one.Labels == "event=\"lost\"")?.Value ?? 0,
        };
        Add(MetricCatalog.Build, $"version=\"{HostReport.Version}\"", 1);
        AddUp("qmail-send", facts.Send);
        AddUp("qmail-queue", facts.Writer);
        AddUp("qmail-journal", facts.Journal);
        AddQueue();
        AddProcesses(facts.Processes);
        Add(MetricCatalog.FreeBytes, "", facts.FreeBytes);
        Add(MetricCatalog.FreeFiles, "", facts.FreeFiles);
        Add(MetricCatalog.Certificate, "", facts.CertificateUntil?.ToUnixTimeSeconds());
        return new HostReport(facts, _samples);
    }

    // Whoever may not ask must not believe that nobody is there.
    private void RequireRights()
    {
        string path = QueueFrame.SocketPath(home);
        if (Fd.TryStatus(Fd.PathBytes(path), out int errno) is null && errno == Errno.Access)
        {
            throw new ConfigurationException(
                $"{path}: permission denied", ExitCode.Permanent);
        }
    }

    private PartState AskSend()
    {
        try
        {
            using QueueCommandConnection? send =
                QueueCommandConnection.TryConnect(home, Patience);
            if (send is null)
            {
                return PartState.Down;
            }

            send.Ask(
                new QueueRequest(QueueVerb.Summary, new QueueSelection()),
                (kind, content) =>
                {
                    if (kind == QueueFrame.Summary)
                    {
                        _queue = QueueSummary.Parse(content.Span);
                    }
                    else if (kind == QueueFrame.Destination && _busy.Count < BusyMax
                        && ListedDestination.Parse(content.Span) is { } destination)
                    {
                        _busy.Add(destination);
                    }
                });
            return _queue is null ? PartState.Silent : PartState.Up;
        }
        catch (ConfigurationException e)
            when (!e.Message.StartsWith("uid ", StringComparison.Ordinal)) // Who may not ask.
        {
            return PartState.Silent;
        }
    }

    private PartState AskWriter()
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            SendTimeout = (int)Patience.TotalMilliseconds,
        };
        try
        {
            socket.Connect(UnixListener.EndPoint(Path.Combine(home, "queue", "intake")));
            return PartState.Up;
        }
        catch (SocketException)
        {
            return PartState.Down;
        }
    }

    private PartState AskJournal(ControlDirectory control)
    {
        if (Try(() => control.ReadLong(JournalFiles.Bytes)) == 0)
        {
            return PartState.Off;
        }

        IReadOnlyList<MetricSample> counted = JournalSamples.Read(home);
        _samples.AddRange(counted);
        return counted.Count > 0 ? PartState.Up : PartState.Down;
    }

    private void AddUp(string part, PartState state)
    {
        if (state != PartState.Off)
        {
            Add(MetricCatalog.Up, $"part=\"{part}\"", state == PartState.Up ? 1 : 0);
        }
    }

    private void AddQueue()
    {
        if (_queue is not { } queue)
        {
            return;
        }

        Add(MetricCatalog.QueueMessages, "place=\"memory\"", queue.InMemory);
        Add(MetricCatalog.QueueMessages, "place=\"disk\"", queue.OnDisk);
        Add(MetricCatalog.QueueRecipients, "", queue.Recipients);
        Add(MetricCatalog.QueueHeld, "", queue.Held);
        AddChannel("channel=\"local\"", queue.Local);
        AddChannel("channel=\"remote\"", queue.Remote);
        foreach (DestinationState state in States)
        {
            string label = $"state=\"{state.ToString().ToLowerInvariant()}\"";
            Add(MetricCatalog.Destinations, label, queue.Destinations[(int)state]);
            Add(MetricCatalog.DestinationsWaiting, label, queue.Waiting[(int)state]);
        }
    }

    private void AddChannel(string label, ChannelSummary channel)
    {
        for (int i = 0; i < channel.Ages.Length; i++)
        {
            string age = i == QueueSummary.AgeBounds.Count ? "older"
                : $"{QueueSummary.AgeBounds[i]}";
            Add(MetricCatalog.QueueAges, $"{label},age=\"{age}\"", channel.Ages[i]);
        }

        Add(MetricCatalog.QueueOldest, label, channel.OldestSeconds);
        Add(MetricCatalog.Running, label, channel.Running);
        Add(MetricCatalog.RunningMax, label, channel.RunningMax);
    }

    private void AddProcesses(IReadOnlyList<HostProcess> processes)
    {
        foreach (IGrouping<string, HostProcess> group in processes.GroupBy(one => one.Program))
        {
            string label = $"program=\"{group.Key}\"";
            Add(MetricCatalog.Processes, label, group.Count());
            Add(
                MetricCatalog.ProcessStart, label,
                group.Max(one => one.Start).ToUnixTimeMilliseconds() / 1000.0);
            Add(MetricCatalog.ProcessMemory, label, group.Sum(one => one.ResidentBytes));
            Add(MetricCatalog.ProcessTime, label, group.Sum(one => one.CpuSeconds));
        }
    }

    private void Add(string name, string labels, double? value)
    {
        if (value is { } number)
        {
            _samples.Add(new MetricSample(name, labels, number));
        }
    }

    private static long? Try(Func<long> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or ConfigurationException)
        {
            return null;
        }
    }
}
