using Hearth.Contracts;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.ControlPlane.Tests.Contracts;

/// <summary>Which of the installed runtimes runs an id.</summary>
public class RuntimeVersionsTests
{
    [Theory]
    // Exact, though another comes first.
    [InlineData("python3.13", "3.11.2,3.13.1", "3.13.1")]
    [InlineData("nodejs20.x", "22.1.0,20.19.2", "20.19.2")]
    // The nearest, below or above; of two as near the newer.
    [InlineData("python3.12", "3.9.1,3.11.2", "3.11.2")]
    [InlineData("python3.6", "3.13.1,3.9.1", "3.9.1")]
    [InlineData("python3.10", "3.9.1,3.11.2", "3.11.2")]
    [InlineData("nodejs18.x", "20.0.0,16.20.2", "20.0.0")]
    [InlineData("nodejs12.x", "20.0.0,16.20.2", "16.20.2")]
    [InlineData("dotnet8", "10.0.12", "10.0.12")]
    [InlineData("dotnetcore3.1", "10.0.12,8.0.1", "8.0.1")]
    // 3.2 is not 3.20, nor 4.12 near 3.12.
    [InlineData("python3.20", "3.2.1,3.19.0", "3.19.0")]
    [InlineData("python3.12", "4.12.0,3.6.0", "3.6.0")]
    // Of equal ones, and for the language itself, the default.
    [InlineData("python3.11", "3.11.2,3.11.9", "3.11.2")]
    [InlineData("python", "3.11.2,3.13.1", "3.11.2")]
    [InlineData("provided.al2023", "0.1.0", "0.1.0")]
    // One whose version nobody knows is the last choice.
    [InlineData("python3.9", "of unknown version,3.13.1", "3.13.1")]
    [InlineData("python3.9", "of unknown version", "of unknown version")]
    public void TheNearestVersionRunsIt(string runtime, string installed, string chosen) =>
        Assert.Equal(chosen, RuntimeVersions.Choose(runtime, [.. installed.Split(',').Select(version => new RuntimeInfo { InstalledVersion = version })])?.InstalledVersion);

    [Fact]
    public void WhatTheOperatorSaysGoesFirst()
    {
        RuntimeInfo[] installed = [new() { InstalledVersion = "3.11.2" }, new() { InstalledVersion = "3.13.1", RuntimeIds = { "python3.11", "python3.6" } }];
        Assert.Equal("3.13.1", RuntimeVersions.Choose("python3.11", installed)?.InstalledVersion);
        Assert.Equal("3.13.1", RuntimeVersions.Choose("python3.6", installed)?.InstalledVersion);
        Assert.Equal("3.11.2", RuntimeVersions.Choose("python3.10", installed)?.InstalledVersion);
    }

    [Fact]
    public void WithoutAnyThereIsNone()
    {
        Assert.Null(RuntimeVersions.Choose("python3.11", []));
        Assert.Null(RuntimeVersions.Choose("python3.11", [new RuntimeInfo { Note = "absent" }]));
    }
}
