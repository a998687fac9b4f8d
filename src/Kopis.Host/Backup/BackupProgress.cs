using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>Shows the progress of long work: it counts, and sometimes prints a line on standard
/// error if that is a terminal or if progress is asked for.</summary>
internal sealed class BackupProgress(string program, bool isShown)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly bool _isShown = isShown || Fd.Status(2).IsCharacterDevice;
    private readonly Stopwatch _since = Stopwatch.StartNew();

    /// <summary>How many files were looked at.</summary>
    internal long Files { get; private set; }

    /// <summary>How many bytes of them were read.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Notes, for example about files that were left out.</summary>
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

    /// <summary>Prints a note and keeps it; names in it are made printable.</summary>
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
