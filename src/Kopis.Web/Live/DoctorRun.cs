using System.Text.Json;
using Kopis.Posix;

namespace Kopis.Web.Live;

/// <summary>Runs <c>kopis doctor --json</c>, one at a time, and keeps what it said last.</summary>
internal sealed class DoctorRun(KopisProgram program, TimeProvider clock) : IDisposable
{
    private static readonly string[] Words = ["doctor", "--json"];
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _place = new(1);

    /// <summary>The last run; null: there was none.</summary>
    internal DoctorReport? Last { get; private set; }

    /// <summary>Whether one runs.</summary>
    internal bool IsRunning => _place.CurrentCount == 0;

    /// <summary>Begins one, unless one runs.</summary>
    internal void Begin()
    {
        if (_place.Wait(0))
        {
            ErrorLog.Watch(RunAsync());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _place.Dispose();

    private async Task RunAsync()
    {
        DateTimeOffset began = clock.GetUtcNow();
        try
        {
            Last = DoctorReport.Parse(began, await program.RunAsync(Words, TimeMax));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            Last = new DoctorReport(began, 0, [], $"kopis doctor: {e.Message}");
        }
        finally
        {
            _place.Release();
        }
    }
}
