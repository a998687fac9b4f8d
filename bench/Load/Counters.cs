using System.IO.MemoryMappedFiles;

namespace Load;

/// <summary>What a sink has taken, in a file that others have mapped: five little-endian u64:
/// messages, recipients, sessions, the most that were open at once, and when the last message came
/// (nanoseconds of Unix time).</summary>
internal sealed unsafe class Counters : IDisposable
{
    private const int Fields = 5;
    private const int NanosecondsPerTick = 100;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long* _values;

    /// <summary>Zeros.</summary>
    /// <param name="path">The file, of the right length.</param>
    internal Counters(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, Fields * sizeof(long));
        _view = _file.CreateViewAccessor();
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _values = (long*)start;
    }

    /// <summary>A message came.</summary>
    internal void Took(int recipients)
    {
        _values[4] = (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) * NanosecondsPerTick;
        _values[0]++;
        Volatile.Write(ref _values[1], _values[1] + recipients); // Who waits looks at this.
    }

    /// <summary>A session began.</summary>
    /// <param name="open">So many are open now.</param>
    internal void Opened(int open)
    {
        _values[2]++;
        _values[3] = Math.Max(_values[3], open);
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
