using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Server.Greylist;

/// <summary>The greylist of a listener: strangers who come for the first time are deferred. Its
/// data is in memory; the file is read and written in the background. So no session waits for the
/// disk, except the first, which reads the file.</summary>
/// <param name="control">Where the control files are.</param>
/// <param name="directory">The directory of the file.</param>
/// <param name="log">Writes a line to the log.</param>
/// <param name="time">The clock.</param>
internal sealed class GreylistService(
    ControlDirectory control, string directory, Action<string> log, TimeProvider time)
    : IDisposable
{
    private const int MinutesUsual = 5; // RFC 6647 §5: a minute to a day.
    private const int MinutesMax = 24 * 60 / 2;
    private const int NewsMax = 10_000; // More is not written, if the disk hangs.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepAgain = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(2);

    private readonly GreyTable _table = new(); // Guarded by a lock on itself.
    private readonly Lock _lock = new();
    private readonly List<GreyRecord> _news = [];
    private readonly GreyFile _file = new(directory);
    private readonly Reloading<Setting> _setting = new(
        control.Watched([SmtpFiles.Greylist]), () => Load(control), time);

    private Task? _work;
    private long _lookedAt;
    private long _sweptAt = time.GetTimestamp();
    private Task? _loaded;
    private bool _isTold;

    /// <summary>Reads the control file.</summary>
    /// <exception cref="ConfigurationException">The file cannot be parsed.</exception>
    internal void Check() => _ = _setting.Current();

    /// <summary>Whether greylisting is on.</summary>
    internal bool IsOn => _setting.Current().Delay > TimeSpan.Zero;

    private uint Now =>
        (uint)Math.Clamp(time.GetUtcNow().ToUnixTimeSeconds(), 0, uint.MaxValue);

    /// <summary>Decides about a recipient.</summary>
    /// <param name="client">The client's address.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="recipient">The recipient.</param>
    /// <param name="vouches">Called if the client's network is trusted and the sender is new:
    /// whether SPF and iprev pass.</param>
    /// <returns>How long the client has to wait; zero: the recipient is accepted.</returns>
    internal async Task<TimeSpan> JudgeAsync(
        IPAddress client, byte[] sender, byte[] recipient, Func<Task<bool>> vouches)
    {
        GreyKeys keys = GreyKeys.Of(client, sender, recipient);
        TimeSpan delay = _setting.Current().Delay;
        await LoadAsync();
        bool isTrusted;
        long left;
        lock (_lock)
        {
            Sweep();
            left = _table.Judge(keys, Now, (long)delay.TotalSeconds, _news.Add);
            isTrusted = left > 0 && _table.IsTrusted(keys, Now, _news.Add);
        }

        if (isTrusted && await vouches())
        {
            left = 0;
            lock (_lock)
            {
                _table.Trust(keys.Pair, keys.Network, Now, _news.Add);
            }
        }

        Work();
        return TimeSpan.FromSeconds(left);
    }

    /// <summary>Called when a message was accepted that has passed SPF and iprev.</summary>
    internal void Trust(IPAddress client, byte[] sender)
    {
        GreyKeys keys = GreyKeys.Of(client, sender, []);
        lock (_lock)
        {
            _table.Trust(keys.Trusted, keys.Network, Now, _news.Add);
            _table.Trust(keys.Pair, keys.Network, Now, _news.Add);
        }

        Work();
    }

    /// <summary>Writes what is not written yet, when the process ends.</summary>
    public void Dispose()
    {
        Task? work;
        lock (_lock)
        {
            work = _work;
        }

        work?.Wait(FlushTime);
    }

    private static Setting Load(ControlDirectory control)
    {
        string line = ByteText.ToText(control.ReadLineOrDefault(SmtpFiles.Greylist) ?? []);
        int minutes = line switch
        {
            "off" => 0,
            "on" => MinutesUsual,
            _ when int.TryParse(
                line, System.Globalization.NumberStyles.None, null, out int number)
                && number is >= 1 and <= MinutesMax => number,
            _ => throw control.Bad(
                SmtpFiles.Greylist, $"must be {SmtpFiles.Greylist.Line}"),
        };
        return new Setting(TimeSpan.FromMinutes(minutes));
    }

    private Task LoadAsync()
    {
        lock (_lock)
        {
            return _loaded ??= Task.Run(ReadFile);
        }
    }

    private void Sweep()
    {
        if (time.GetElapsedTime(_sweptAt) > SweepAgain)
        {
            _sweptAt = time.GetTimestamp();
            _table.Sweep(Now);
        }
    }

    // One task does all the work. It ends when there is nothing to write and the file was looked at
    // recently.
    private void Work()
    {
        lock (_lock)
        {
            bool isDue = _lookedAt == 0 || time.GetElapsedTime(_lookedAt) > LookAgain;
            if (_work is null && (_news.Count > 0 || isDue))
            {
                _lookedAt = time.GetTimestamp();
                _work = Task.Run(WorkOff);
            }
        }
    }

    private void WorkOff()
    {
        ReadFile();
        while (true)
        {
            GreyRecord[] news;
            lock (_lock)
            {
                news = [.. _news.Take(NewsMax)];
                _news.Clear();
                if (news.Length == 0)
                {
                    _work = null;
                    return;
                }
            }

            Try(() =>
            {
                if (_file.Append(news))
                {
                    _file.Compact(Records());
                }

                _isTold = false; // Not where it can only be read: a full disk is told once.
            });
        }
    }

    private GreyRecord[] Records()
    {
        lock (_lock)
        {
            return [.. _table.Records(Now)];
        }
    }

    private void ReadFile() => Try(() => _file.Read(record =>
    {
        lock (_lock)
        {
            _table.Take(record, Now);
        }
    }));

    private void Try(Action use)
    {
        try
        {
            lock (_file)
            {
                use();
            }
        }
        catch (PosixException e)
        {
            if (!Interlocked.Exchange(ref _isTold, true))
            {
                log($"warning: greylist is kept in memory only: {e.Message}");
            }
        }
    }

    private sealed record Setting(TimeSpan Delay);
}
