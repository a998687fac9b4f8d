using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>How far long work has come: counts, and a line now and then on standard error where
/// that is a terminal, or where it is asked for.</summary>
internal sealed class BackupProgress(string program, bool isShown)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly bool _isShown = isShown || Fd.Status(2).IsCharacterDevice;
    private readonly Stopwatch _since = Stopwatch.StartNew();

    /// <summary>Files that were looked at.</summary>
    internal long Files { get; private set; }

    /// <summary>Of these the bytes that were read.</summary>
    internal long Bytes { get; private set; }

    /// <summary>What is said of files that are left out, and the like.</summary>
    internal List<string> Warnings { get; } = [];

    /// <summary>Counts a file.</summary>
    internal void Add(long bytes)
    {
        Files++;
        Bytes += bytes;
        if (_isShown && _since.Elapsed >= Pause)
        {
            _since.Restart();
            Fd.WriteAll(2, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{program}: {Files} files, {Bytes >> 20} MiB read\n")));
        }
    }

    /// <summary>Says something, and remembers it; what it names is made fit to print.</summary>
    internal void Warn(string what, string path)
    {
        string line = $"{Base.LogText.Safe(Base.RawText.ToBytes(path))}: {what}";
        if (Warnings.Contains(line))
        {
            return;
        }

        Warnings.Add(line);
        Fd.WriteAll(2, Encoding.UTF8.GetBytes($"{program}: warning: {line}\n"));
    }
}
