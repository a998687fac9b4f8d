using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Migration.Steps;

/// <summary>Records what the steps have done, in the file <c>moved</c> of the home, which is
/// root's. Each action is written before it is done, so that an interrupted one is taken back too.
/// </summary>
/// <param name="home">The qmail home.</param>
internal sealed class StepJournal(string home)
{
    private const int OwnerFile = 0x180; // 0600
    private const int FileBytesMax = 64 * 1024;
    private readonly string _path = Path.Combine(home, "moved");

    /// <summary>All actions with their steps, the oldest first.</summary>
    /// <exception cref="ConfigurationException">A line is malformed.</exception>
    internal List<(int Step, StepAction Action)> Read()
    {
        byte[]? content = BoundedFile.TryRead(_path, FileBytesMax, out int errno);
        if (content is null && errno != Errno.NoEntry)
        {
            throw new ConfigurationException(new PosixException(_path, errno).Message);
        }

        return [.. Encoding.ASCII.GetString(content ?? [])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    /// <summary>Adds an action that is about to be done.</summary>
    internal void Add(int step, StepAction action) => Write([.. Read(), (step, action)]);

    /// <summary>Removes the last action, which was taken back.</summary>
    internal void RemoveLast()
    {
        List<(int, StepAction)> entries = Read();
        Write(entries[..^1]);
    }

    private (int, StepAction) Parse(string line) =>
        line.Split(' ', 2) is [var number, var text]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int step)
        && StepAction.Parse(text) is { } action
            ? (step, action)
            : throw new ConfigurationException($"{_path}: unable to parse a line");

    private void Write(IReadOnlyList<(int Step, StepAction Action)> entries)
    {
        if (entries.Count == 0)
        {
            Paths.Unlink(_path);
        }
        else
        {
            PlainFile.Replace(
                _path, Encoding.ASCII.GetBytes(string.Concat(
                    entries.Select(entry => $"{entry.Step} {entry.Action}\n"))),
                OwnerFile);
        }

        Fd.SyncDirectory(home);
    }
}
